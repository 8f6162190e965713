"""What our bookings ask of a hospital's system: by jobs, three times, signed, and never twice for
one; and what people do where it stays silent.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from appointments.hospital import client as caller
from appointments.hospital.signing import headers, make_secret
from appointments.jobs import call_hospital, call_hospitals, return_numbers
from appointments.models import Booking, ClinicSession, HospitalCall, HospitalLink, Slot
from appointments.schemas import Because, BookSlot, CallState, ChangeBooking, State, Trouble
from appointments.services import places
from appointments.services.booking import book_slot, cancel_booking, change_booking
from appointments.services.outbound import Order, ask_for_number, claim, settle
from core import clock
from core.access import Actor
from core.database import transaction
from notifications.models import Message
from standins.hospital.system import Mode
from tests.factories.appointments import Clinic, make_clinic, make_slots
from tests.factories.exchange import API, LINK_SECRET, StandIn, hospital_running, make_link
from tests.factories.residents import make_resident

LOCK, CONFIRM, RETURN = "lock", "confirm", "return"
Run = Callable[[], int]


@pytest.fixture(scope="module")
def running() -> Iterator[StandIn]:
    with hospital_running() as standin:
        yield standin


@pytest.fixture
def his(running: StandIn) -> StandIn:
    running.answers(Mode.HONEST)
    return running


class Place:
    """A linked hospital's session, and somebody who books there."""

    def __init__(self, session: Session, url: str, *, enabled: bool = True) -> None:
        self.session = session
        self.clinic: Clinic = make_clinic(session)
        self.slots = make_slots(session, self.clinic, capacity=2)
        session.get_one(ClinicSession, self.slots[0].session_id).external_id = "S1"
        self.link: HospitalLink = make_link(session, self.clinic, url, enabled=enabled)
        account, person = make_resident(session)
        self.actor = Actor(account_id=account.id, person_id=person.id, verified=True)
        session.commit()

    def book(self, slot: int = 0) -> UUID:
        assert self.actor.person_id
        wish = BookSlot(slot_id=self.slots[slot].id, person_id=self.actor.person_id)
        with transaction() as session:
            return book_slot(session, self.actor, wish).id

    def book_and_ask(self) -> UUID:
        """With the calls made known, and none made yet."""
        booking_id = self.book()
        with transaction() as session:
            ask_for_number(session, booking_id)
        return booking_id

    def cancel(self, booking_id: UUID) -> None:
        with transaction() as session:
            cancel_booking(session, self.actor, booking_id)

    def calls(self) -> dict[str, tuple[str, int]]:
        """State and tries of each call."""
        query = select(HospitalCall).execution_options(populate_existing=True)
        return {call.call: (call.state, call.attempts) for call in self.session.scalars(query)}

    def booking(self, booking_id: UUID) -> Booking:
        return self.session.get_one(Booking, booking_id, populate_existing=True)

    def slot(self, number: int = 0) -> Slot:
        return self.session.get_one(Slot, self.slots[number].id, populate_existing=True)

    def messages(self) -> list[str]:
        query = select(Message.sentence).where(Message.person_id == self.actor.person_id)
        return list(self.session.scalars(query.order_by(Message.created_at)))


@pytest.fixture
def place(session: Session, his: StandIn) -> Place:
    return Place(session, his.api)


def heard(his: StandIn, booking_id: UUID) -> list[tuple[str, int]]:
    mine = [each for each in his.state()["heard"] if each["booking_id"] == str(booking_id)]
    return [(each["call"], each["status"]) for each in mine]


def later(run_jobs: Run, *minutes: float) -> None:
    """Let the sweep run after each of these pauses."""
    total = 0.0
    for pause in minutes:
        total += pause
        with clock.shifted(timedelta(minutes=total)):
            call_hospitals()
            run_jobs()


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
        stop = {"stopped": True, "slot_ids": [place.slots[0].id]}
        session.execute(places.SET_STOPPED, stop)
        places.end_all(session, place.slots[0].id, Because.STOPPED)
    return_numbers()
    run_jobs()
    assert his.number_of(booking_id)["state"] == "returned"
    return_numbers()
    assert run_jobs() == 0


# Late answers


def answer(
    client: FlaskClient, place: Place, booking_id: UUID, call: str, result: str, **more: Any
) -> TestResponse:
    body = json.dumps(
        {"booking_id": str(booking_id), "call": call, "result": result, "number": "B007"}
    ).encode()
    secret = more.get("secret", LINK_SECRET)
    given = headers(secret, str(uuid4()), more.get("at", clock.now()), body)
    path = f"{API}/{more.get('institution_id', place.clinic.institution.id)}/answers"
    return client.post(
        path, data=more.get("body", body), headers={**given, "Content-Type": "application/json"}
    )


@pytest.fixture
def accepted(place: Place, his: StandIn, run_jobs: Run) -> UUID:
    """A booking whose lock the hospital accepted, to be answered later; its own late answers go
    nowhere, these tests give their own.
    """
    his.answers(Mode.LATER)
    booking_id = place.book()
    run_jobs()
    his.answers(Mode.HONEST)
    assert place.calls() == {LOCK: ("waiting", 1), CONFIRM: ("waiting", 0)}
    return booking_id


def test_a_late_answer_counts_once(
    client: FlaskClient, place: Place, accepted: UUID, run_jobs: Run
) -> None:
    assert answer(client, place, accepted, LOCK, "done").get_json() == {"changed": True}
    assert answer(client, place, accepted, LOCK, "done").get_json() == {"changed": False}
    # A second one that says otherwise is too late.
    assert answer(client, place, accepted, LOCK, "refused").get_json() == {"changed": False}
    run_jobs()
    assert place.calls() == {LOCK: ("done", 1), CONFIRM: ("done", 1)}
    assert place.booking(accepted).state == State.BOOKED


def test_a_late_refusal_ends_the_booking(
    client: FlaskClient, place: Place, accepted: UUID, run_jobs: Run
) -> None:
    assert answer(client, place, accepted, LOCK, "refused").get_json() == {"changed": True}
    assert place.booking(accepted).because == Because.HOSPITAL
    assert answer(client, place, accepted, LOCK, "done").get_json() == {"changed": False}
    run_jobs()
    assert place.booking(accepted).state == State.CANCELLED


def test_an_answer_out_of_order(client: FlaskClient, place: Place, accepted: UUID) -> None:
    """To what was not asked yet: nothing is confirmed before it is locked."""
    assert answer(client, place, accepted, CONFIRM, "done").get_json() == {"changed": False}
    assert place.calls() == {LOCK: ("waiting", 1), CONFIRM: ("waiting", 0)}
    assert answer(client, place, accepted, RETURN, "done").status_code == 404
    assert answer(client, place, uuid4(), LOCK, "done").status_code == 404


def test_an_answer_that_came_after_three_tries(
    client: FlaskClient, place: Place, accepted: UUID, run_jobs: Run
) -> None:
    place.link.base_url = "http://127.0.0.1:9"
    place.session.commit()
    later(run_jobs, 11, 6, 1)
    assert place.calls()[LOCK] == ("exception", 3)
    assert answer(client, place, accepted, LOCK, "done").get_json() == {"changed": True}
    assert place.calls()[LOCK] == ("done", 3)


def test_what_is_forged_or_old_changes_nothing(
    client: FlaskClient, session: Session, place: Place, accepted: UUID
) -> None:
    other = make_clinic(session)
    make_link(session, other, "http://127.0.0.1:9").secret = make_secret()
    session.commit()
    now = clock.now()
    wrong: list[dict[str, Any]] = [
        {"secret": make_secret()},
        {"at": now - timedelta(minutes=6)},
        {"at": now + timedelta(minutes=6)},
        {"body": json.dumps({"booking_id": str(accepted), "call": LOCK, "result": "refused"})},
        {"institution_id": other.institution.id},
    ]
    for more in wrong:
        answered = answer(client, place, accepted, LOCK, "done", **more)
        assert (answered.status_code, answered.get_json()["code"]) == (403, "bad_signature"), more
    path = f"{API}/{place.clinic.institution.id}/answers"
    body = {"booking_id": str(accepted), "call": LOCK, "result": "done"}
    assert client.post(path, json=body).status_code == 403
    assert answer(client, place, accepted, LOCK, "done", institution_id=uuid4()).status_code == 404
    # Its own secret is none for another hospital's booking.
    session.refresh(other.institution)
    theirs = session.scalars(
        select(HospitalLink).where(HospitalLink.institution_id == other.institution.id)
    ).one()
    crossed = answer(client, place, accepted, LOCK, "done", secret=theirs.secret,
                     institution_id=other.institution.id)  # fmt: skip
    assert crossed.status_code == 404
    assert place.calls() == {LOCK: ("waiting", 1), CONFIRM: ("waiting", 0)}
