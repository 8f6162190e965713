"""What our bookings ask of a hospital's system: by jobs, three times, signed, and never twice for
one; and what people do where it stays silent.
"""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.hospital import client as caller
from appointments.jobs import call_hospital, call_hospitals, return_numbers
from appointments.models import ClinicSession, HospitalCall
from appointments.schemas import Because, CallState, ChangeBooking, State, Trouble
from appointments.services import places
from appointments.services.changing import change_booking
from appointments.services.outbound import Order, claim, settle
from core import clock
from core.database import transaction
from notifications.models import Message
from standins.hospital.system import Mode
from tests.factories.exchange import StandIn
from tests.integration.appointments.exchanging import (
    CONFIRM,
    LOCK,
    RETURN,
    Place,
    Run,
    his,
    later,
    place,
    running,
)

__all__ = ["his", "place", "running"]


def heard(his: StandIn, booking_id: UUID) -> list[tuple[str, int]]:
    mine = [each for each in his.state()["heard"] if each["booking_id"] == str(booking_id)]
    return [(each["call"], each["status"]) for each in mine]


def test_a_booking_is_locked_and_confirmed_once(place: Place, his: StandIn, run_jobs: Run) -> None:
    booking_id = place.book()
    assert heard(his, booking_id) == []  # nothing before the commit, nothing inside it
    run_jobs()
    assert place.calls() == {LOCK: ("done", 1), CONFIRM: ("done", 1)}
    kept = his.number_of(booking_id)
    assert (kept["session_id"], kept["state"], kept["patient"]) == ("S1", "confirmed", "示例居民")
    assert kept["starts_at"] == clock.local(place.slots[0].starts_at).isoformat()
    call_hospital(str(booking_id))
    call_hospitals()
    run_jobs()
    assert heard(his, booking_id) == [(LOCK, 200), (CONFIRM, 200)]


def test_a_cancelled_one_is_returned(place: Place, his: StandIn, run_jobs: Run) -> None:
    booking_id = place.book()
    run_jobs()
    place.cancel(booking_id)
    run_jobs()
    assert his.number_of(booking_id)["state"] == "returned"
    assert place.calls()[RETURN] == ("done", 1)


def test_a_changed_one_is_returned_and_the_other_locked(
    place: Place, his: StandIn, run_jobs: Run
) -> None:
    former = place.book()
    run_jobs()
    with transaction() as session:
        command = ChangeBooking(slot_id=place.slots[1].id)
        booking = change_booking(session, place.actor, former, command)
    run_jobs()
    assert his.number_of(former)["state"] == "returned"
    assert his.number_of(booking.id)["state"] == "confirmed"


def test_cancelled_before_the_hospital_heard_of_it(
    place: Place, his: StandIn, run_jobs: Run
) -> None:
    booking_id = place.book()
    place.cancel(booking_id)
    run_jobs()
    states = {call: state for call, (state, _) in place.calls().items()}
    assert heard(his, booking_id) in ([], [(LOCK, 200), (CONFIRM, 200), (RETURN, 200)])
    assert states.get(RETURN, "done") == "done"


def test_other_sessions_and_other_hospitals_are_not_called(
    session: Session, his: StandIn, run_jobs: Run
) -> None:
    off = Place(session, his.api, enabled=False)
    off.book()
    run_jobs()
    assert off.calls() == {}
    own = Place(session, his.api)
    session.get_one(ClinicSession, own.slots[0].session_id).external_id = None
    session.commit()
    own.book()
    run_jobs()
    assert own.calls() == {}


def test_the_hospital_gave_the_number_away(place: Place, his: StandIn, run_jobs: Run) -> None:
    his.answers(Mode.TAKEN)
    booking_id = place.book()
    run_jobs()
    booking = place.booking(booking_id)
    assert (booking.state, booking.because) == (State.CANCELLED, Because.HOSPITAL)
    assert place.calls() == {LOCK: ("refused", 1), CONFIRM: ("void", 0)}
    # The place is not there for the next one either.
    slot = place.slot()
    assert (slot.capacity, slot.taken, slot.remaining) == (1, 0, 1)
    told = place.messages()[-1]
    assert told.startswith("医院没有留住您的号")
    message = place.session.scalars(select(Message).where(Message.sentence == told)).one()
    nearest = place.slots[1]
    assert message.values["free"] == f"{clock.local(nearest.starts_at):%Y-%m-%d %H:%M}"
    assert message.link == f"/appointments/slots/{nearest.id}"
    his.answers(Mode.HONEST)
    assert place.book()  # and the same day, in the same department, it counts for nothing


@pytest.mark.parametrize(
    ("mode", "trouble"),
    [
        (Mode.FAILING, Trouble.FAILED),
        (Mode.GARBAGE, Trouble.UNREADABLE),
        (Mode.REDIRECTING, Trouble.FAILED),
    ],
)
def test_three_tries_then_people(
    place: Place, his: StandIn, run_jobs: Run, mode: Mode, trouble: Trouble
) -> None:
    his.answers(mode)
    booking_id = place.book()
    run_jobs()
    assert place.calls()[LOCK] == ("waiting", 1)
    later(run_jobs, 0.5)
    assert place.calls()[LOCK] == ("waiting", 1)  # not before its pause is over
    later(run_jobs, 1.1)
    assert place.calls()[LOCK] == ("waiting", 2)
    later(run_jobs, 3)
    assert place.calls()[LOCK] == ("waiting", 2)
    later(run_jobs, 7)
    assert place.calls() == {LOCK: ("exception", 3), CONFIRM: ("waiting", 0)}
    call = place.session.scalars(select(HospitalCall).where(HospitalCall.call == LOCK)).one()
    assert call.trouble == trouble
    later(run_jobs, 60, 600)
    assert place.calls()[LOCK] == ("exception", 3)
    assert place.booking(booking_id).state == State.BOOKED  # nobody loses a place by silence


def test_a_slow_hospital_is_not_waited_for(
    session: Session, his: StandIn, run_jobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "TIMEOUT_SECONDS", 0.1)
    place = Place(session, his.api)
    his.answers(Mode.SLOW)
    booking_id = place.book()
    run_jobs()
    assert place.calls()[LOCK] == ("waiting", 1)
    monkeypatch.undo()
    his.answers(Mode.HONEST)
    later(run_jobs, 1.1)
    # It had done it the first time; the second call is the same one.
    assert place.calls() == {LOCK: ("done", 2), CONFIRM: ("done", 1)}
    assert his.number_of(booking_id)["state"] == "confirmed"


def test_an_answer_that_got_lost(place: Place, his: StandIn, run_jobs: Run) -> None:
    his.answers(Mode.LOST)
    booking_id = place.book()
    run_jobs()
    number = his.number_of(booking_id)["number"]
    his.answers(Mode.HONEST)
    later(run_jobs, 1.1)
    assert his.number_of(booking_id)["number"] == number
    assert place.calls()[CONFIRM] == ("done", 1)


def test_a_silent_host_and_a_link_that_was_switched_off(
    session: Session, his: StandIn, run_jobs: Run
) -> None:
    place = Place(session, "http://127.0.0.1:9/nobody")
    place.book()
    run_jobs()
    call = session.scalars(select(HospitalCall).where(HospitalCall.call == LOCK)).one()
    assert call.trouble == Trouble.SILENT
    place.link.enabled = False
    place.link.base_url = his.api
    session.commit()
    later(run_jobs, 1.1)
    session.refresh(call)
    assert (call.trouble, call.attempts) == (Trouble.LINK_OFF, 2)


def claimed(booking_id: UUID) -> Order:
    with transaction() as session:
        order = claim(session, booking_id)
    assert order is not None
    return order


def test_a_process_that_died_between_the_steps(place: Place, his: StandIn, run_jobs: Run) -> None:
    booking_id = place.book_and_ask()
    order = claimed(booking_id)
    assert caller.call(order).state is CallState.DONE
    # It dies here. The queued job finds the call taken, and later takes it over.
    run_jobs()
    assert heard(his, booking_id) == [(LOCK, 200)]
    later(run_jobs, 1.1)
    assert heard(his, booking_id) == [(LOCK, 200), (LOCK, 200), (CONFIRM, 200)]
    assert place.calls() == {LOCK: ("done", 2), CONFIRM: ("done", 1)}
    # And what it had heard is brought after all: nothing changes.
    with transaction() as session:
        settle(session, order, caller.call(order))
    assert place.calls() == {LOCK: ("done", 2), CONFIRM: ("done", 1)}


def test_the_last_try_died_too(place: Place, his: StandIn, run_jobs: Run) -> None:
    booking_id = place.book_and_ask()
    for minutes in (0, 2, 4):
        with clock.shifted(timedelta(minutes=minutes)):
            claimed(booking_id)
    with clock.shifted(timedelta(minutes=6)):
        call_hospitals()
        run_jobs()
    assert place.calls()[LOCK] == ("exception", 3)
    assert heard(his, booking_id) == []


def test_cancelled_while_the_lock_is_on_its_way(place: Place, his: StandIn, run_jobs: Run) -> None:
    booking_id = place.book_and_ask()
    order = claimed(booking_id)
    place.cancel(booking_id)
    run_jobs()
    assert place.calls() == {LOCK: ("void", 1), CONFIRM: ("void", 0), RETURN: ("waiting", 0)}
    with transaction() as session:
        settle(session, order, caller.call(order))
    assert place.calls()[LOCK] == ("void", 1)
    later(run_jobs, 1.1)
    assert his.number_of(booking_id)["state"] == "returned"
    # Whatever else comes late finds it returned.
    assert caller.call(order).state is CallState.REFUSED


def test_a_booking_that_ended_without_a_word(place: Place, his: StandIn, run_jobs: Run) -> None:
    booking_id = place.book()
    run_jobs()
    with transaction() as session:
        places.end_these(session, place.slots[0].id, [booking_id], Because.STOPPED)
    return_numbers()
    run_jobs()
    assert his.number_of(booking_id)["state"] == "returned"
    return_numbers()
    assert run_jobs() == 0
