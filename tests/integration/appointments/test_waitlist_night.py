"""Quiet hours: nobody is woken by an offer, and no place is lost over a night."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from appointments.jobs import keep_waits_moving, offer_places, return_places
from appointments.models import Rule, Slot
from appointments.schemas import JoinWait, Waiting
from appointments.services.waitlist import join_wait, leave_wait
from core import clock
from tests.factories.appointments import make_booking, make_clinic, make_full, make_slots
from tests.factories.residents import make_resident
from tests.integration.appointments.waiting import free, give_back, held, join, resident, state

QUIET = {"quiet_from": time(22), "quiet_until": time(7)}


def tonight(hour: int, minute: int = 0) -> timedelta:
    """From now until this time on the wall tomorrow, or in the night after it."""
    day = clock.today() + timedelta(days=1 if hour >= 12 else 2)
    return clock.at(day, hour, minute) - clock.now()


def in_days(session: Session, days: int, **rule: object) -> Slot:
    """The full slot of a session so many days ahead."""
    clinic = make_clinic(session, None, **(QUIET | rule))
    (slot,) = make_full(session, clinic, day=clock.today() + timedelta(days=days))
    return slot


@pytest.mark.parametrize(
    ("begins", "ends", "at", "quiet"),
    [
        (time(22), time(7), time(21, 59), False),
        (time(22), time(7), time(22), True),
        (time(22), time(7), time(0), True),
        (time(22), time(7), time(6, 59), True),
        (time(22), time(7), time(7), False),
        (time(12), time(14), time(11, 59), False),
        (time(12), time(14), time(12), True),
        (time(12), time(14), time(14), False),
        (None, None, time(3), False),
    ],
)
def test_hours_are_quiet_over_midnight_too(
    begins: time | None, ends: time | None, at: time, quiet: bool
) -> None:
    assert Rule(quiet_from=begins, quiet_until=ends).is_quiet(at) is quiet


def test_a_place_that_comes_back_at_night_is_offered_in_the_morning(session: Session) -> None:
    slot = in_days(session, 5)
    first, second = resident(session), resident(session)
    one, two = join(session, first, slot), join(session, second, slot)
    with clock.shifted(tonight(23)):
        give_back(session, slot)
        keep_waits_moving()
        assert state(session, one) is Waiting.WAITING
        assert free(session, slot) == (0, 0, 1)
    with clock.shifted(tonight(6, 59)):
        keep_waits_moving()
        assert free(session, slot) == (0, 0, 1)
    with clock.shifted(tonight(7)):
        keep_waits_moving()
        assert state(session, one) is Waiting.OFFERED
        until = held(session, one).held_until
        assert until
        assert timedelta(minutes=19) < until - clock.now() <= timedelta(minutes=20)
        assert state(session, two) is Waiting.WAITING


def test_an_offer_from_before_that_lapses_at_night_goes_on_in_the_morning(
    session: Session,
) -> None:
    slot = in_days(session, 5)
    one, two = join(session, resident(session), slot), join(session, resident(session), slot)
    with clock.shifted(tonight(21, 55)):
        give_back(session, slot)
        assert state(session, one) is Waiting.OFFERED
    with clock.shifted(tonight(22, 16)):
        return_places()
        keep_waits_moving()
        assert state(session, one) is Waiting.LAPSED
        assert state(session, two) is Waiting.WAITING
        assert free(session, slot) == (0, 0, 1)
    with clock.shifted(tonight(7, 1)):
        keep_waits_moving()
        assert state(session, two) is Waiting.OFFERED


def test_a_public_place_is_kept_at_night_for_each_who_waits(session: Session) -> None:
    slot = in_days(session, 5)
    waits = [join(session, resident(session), slot) for _ in range(2)]
    with clock.shifted(tonight(23)):
        slot.capacity, slot.remaining = 4, 3
        session.flush()
        keep_waits_moving()
        keep_waits_moving()
        assert free(session, slot) == (1, 1, 2)
    with clock.shifted(tonight(7)):
        keep_waits_moving()
        assert [state(session, wait) for wait in waits] == [Waiting.OFFERED] * 2
        assert free(session, slot) == (3, 1, 0)


def test_what_nobody_waits_for_any_more_is_the_publics_at_night_too(session: Session) -> None:
    slot = in_days(session, 5)
    first, second = resident(session), resident(session)
    one, two = join(session, first, slot), join(session, second, slot)
    with clock.shifted(tonight(23)):
        slot.capacity, slot.remaining = 3, 2
        session.flush()
        offer_places(str(slot.session_id))
        assert free(session, slot) == (1, 0, 2)
        leave_wait(session, first, one.id)
        offer_places(str(slot.session_id))
        assert free(session, slot) == (1, 1, 1)
        leave_wait(session, second, two.id)
        offer_places(str(slot.session_id))
        assert free(session, slot) == (1, 2, 0)


def test_a_deadline_in_the_night_leaves_the_place_to_the_public(session: Session) -> None:
    """Waiting ends with the deadline at 23:30; nobody is offered what came back at 23:00."""
    slot = in_days(session, 2, cancel_time=time(23, 30))
    wait = join(session, resident(session), slot)
    with clock.shifted(tonight(23)):
        give_back(session, slot)
        assert free(session, slot) == (0, 0, 1)
    with clock.shifted(tonight(23, 31)):
        keep_waits_moving()
        assert state(session, wait) is Waiting.CLOSED
        assert free(session, slot) == (0, 1, 0)


def test_a_slot_whose_deadline_passed_at_night_is_the_publics_though_others_are_waited_for(
    session: Session,
) -> None:
    clinic = make_clinic(session, None, **QUIET)
    early, late, *_ = slots = make_slots(
        session, clinic, day=clock.today() + timedelta(days=5), capacity=1
    )
    for slot in slots:
        make_booking(session, slot, make_resident(session)[1].id)
    early.cancel_until = clock.now() + tonight(23, 30)
    session.flush()
    actor = resident(session)
    wait = join_wait(
        session, actor, JoinWait(session_id=late.session_id, person_id=UUID(str(actor.person_id)))
    )
    with clock.shifted(tonight(23)):
        give_back(session, early)
        assert free(session, early) == (0, 0, 1)
    for at in (tonight(23, 31), tonight(8)):
        with clock.shifted(at):
            keep_waits_moving()
            assert free(session, early) == (0, 1, 0)
            assert state(session, wait) is Waiting.WAITING


def test_both_see_when_nobody_is_offered_a_place(
    session: Session,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
    signed_in: Callable[[UUID], FlaskClient],
) -> None:
    slot = in_days(session, 5)
    account, person = make_resident(session)
    headers, browser = bearer(account.id), signed_in(account.id)
    address = f"/appointments/waits/join/{slot.session_id}"
    assert "每天 22:00 到 07:00" in browser.get(address).text
    joined = browser.post(address, data={"person_id": str(person.id), "_once": "a"})
    assert "每天 22:00 到 07:00" in browser.get(joined.location).text
    [wait] = client.get("/api/v1/appointments/waits", headers=headers).json["items"]  # type: ignore[index]
    assert (wait["quiet_from"], wait["quiet_until"]) == ("22:00:00", "07:00:00")
    assert datetime.fromisoformat(wait["offers_end"]) == slot.cancel_until
