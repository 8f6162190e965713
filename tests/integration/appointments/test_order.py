"""Who waits for a slot sees what was done to it meanwhile, and nobody waits in a circle."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from apiflask import APIFlask
from sqlalchemy import Engine, text

from appointments.models import Booking, Slot
from appointments.schemas import BookSlot, ChangeBooking, State, Waiting
from appointments.services import places
from appointments.services.booking import book_slot, confirm_booking, hold_slot
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import change_booking
from appointments.services.waitlist import leave_wait
from core import clock
from core.access import Actor
from core.database import transaction
from core.errors import Conflict
from tests.factories.appointments import make_wait
from tests.histories import world
from tests.histories.world import Department

WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock'"
)


@pytest.fixture
def department(app: APIFlask, committed_database: Engine) -> Department:
    (made,) = world.build(1, residents=4)
    return made


def actor(department: Department, number: int) -> Actor:
    resident = department.residents[number]
    return Actor(account_id=resident.account_id, person_id=resident.person_id, verified=True)


def wish(department: Department, number: int, slot: int) -> BookSlot:
    return BookSlot(
        slot_id=department.slots[slot], person_id=department.residents[number].person_id
    )


def book(department: Department, number: int, slot: int) -> UUID:
    with transaction() as session:
        return book_slot(session, actor(department, number), wish(department, number, slot)).id


def hold(department: Department, number: int, slot: int) -> UUID:
    with transaction() as session:
        return hold_slot(session, actor(department, number), wish(department, number, slot)).id


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[Future[object]]:
    """Start ``work`` elsewhere, and go on when it waits for what this transaction has."""
    with ThreadPoolExecutor(1) as pool:
        started = pool.submit(work)
        deadline = time.monotonic() + 10
        while not _somebody_waits():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield started


def _somebody_waits() -> bool:
    with transaction() as session:
        return bool(session.execute(WAITING).scalar_one())


def test_who_waited_for_a_slot_is_not_booked_when_it_was_stopped(department: Department) -> None:
    with transaction() as session:
        world.stop(session, department, 0)
        with meanwhile(lambda: book(department, 0, 0)) as late:
            session.commit()
            with pytest.raises(Conflict):
                late.result(10)
    state = world.snapshot(department).state
    assert (state.slots[0].taken, state.slots[0].stopped, state.bookings) == (0, True, {})


def test_a_stop_ends_what_was_booked_while_it_waited(department: Department) -> None:
    def stop() -> None:
        with transaction() as session:
            world.stop(session, department, 0)

    with transaction() as session:
        made = book_slot(session, actor(department, 0), wish(department, 0, 1)).id
        with meanwhile(stop) as stopping:
            session.commit()
            stopping.result(10)
    assert ended(made) == (State.CANCELLED, "stopped")


def test_a_full_slot_gives_back_what_is_over_while_its_owner_cancels(
    department: Department,
) -> None:
    """One has the slot and ends the hold, the other ends the hold and wants the slot."""
    held, other = hold(department, 0, 0), book(department, 1, 0)
    own = book(department, 2, 1)

    def cancel() -> None:
        with transaction() as session:
            cancel_booking(session, actor(department, 0), held)

    with clock.shifted(timedelta(minutes=world.HOLD_MINUTES + 1)), transaction() as session:
        places.lock_patients(session, [department.residents[2].person_id])
        places.lock_slots(session, department.slots[:2])
        with meanwhile(cancel) as cancelling:
            command = ChangeBooking(slot_id=department.slots[0])
            changed = change_booking(session, actor(department, 2), own, command)
            session.commit()
            cancelling.result(10)
    assert changed.state is State.BOOKED
    assert ended(held) == (State.CANCELLED, "expired")
    assert ended(other) == (State.BOOKED, None)


@pytest.mark.parametrize("first", ["stop", "cancel", "confirm"])
def test_a_change_that_waited_sees_what_was_done_meanwhile(
    department: Department, first: str
) -> None:
    """Stopped or cancelled it is said to be so; confirmed it stays confirmed."""
    mine = hold(department, 0, 0)

    def change() -> State:
        with transaction() as session:
            command = ChangeBooking(slot_id=department.slots[2])
            return change_booking(session, actor(department, 0), mine, command).state

    with transaction() as session:
        places.lock_slots(session, department.slots[:1])
        with meanwhile(change) as changing:
            if first == "stop":
                world.stop(session, department, 0)
            elif first == "cancel":
                cancel_booking(session, actor(department, 0), mine)
            else:
                confirm_booking(session, actor(department, 0), mine)
            session.commit()
            if first == "confirm":
                assert changing.result(10) is State.BOOKED
            else:
                with pytest.raises(Conflict) as caught:
                    changing.result(10)
                assert caught.value.code == "already_cancelled"


def test_a_booking_stopped_while_its_change_waited_is_over(department: Department) -> None:
    mine = book(department, 0, 0)

    def change() -> None:
        with transaction() as session:
            command = ChangeBooking(slot_id=department.slots[2])
            change_booking(session, actor(department, 0), mine, command)

    with transaction() as session:
        places.lock_slots(session, department.slots[:1])
        with meanwhile(change) as changing:
            world.stop(session, department, 0)
            session.commit()
            with pytest.raises(Conflict) as caught:
                changing.result(10)
    assert caught.value.code == "already_cancelled"


def test_a_decline_that_waited_leaves_what_was_confirmed_meanwhile(department: Department) -> None:
    """Who took the offer has the place, though they had begun to decline it elsewhere."""
    offered = hold(department, 0, 0)
    person_id, account_id, _ = department.residents[0]
    with transaction() as session:
        slot = session.get_one(Slot, department.slots[0])
        wait = make_wait(session, slot, person_id, account_id)
        wait.state, wait.booking_id = Waiting.OFFERED, offered
        wait_id = wait.id

    def decline() -> Waiting:
        with transaction() as session:
            return leave_wait(session, actor(department, 0), wait_id).state

    with transaction() as session:
        places.lock_slots(session, department.slots[:1])
        with meanwhile(decline) as declining:
            confirm_booking(session, actor(department, 0), offered)
            session.commit()
            assert declining.result(10) is Waiting.TAKEN
    assert ended(offered) == (State.BOOKED, None)


def test_a_changed_hold_stays_a_hold(department: Department) -> None:
    held = hold(department, 0, 0)
    with transaction() as session:
        until = session.get_one(Booking, held).held_until
        command = ChangeBooking(slot_id=department.slots[2])
        changed = change_booking(session, actor(department, 0), held, command)
    assert (changed.state, changed.held_until) == (State.HELD, until)


def test_a_hold_that_is_over_cannot_be_changed(department: Department) -> None:
    held = hold(department, 0, 0)
    with (
        clock.shifted(timedelta(minutes=world.HOLD_MINUTES + 1)),
        pytest.raises(Conflict) as caught,
        transaction() as session,
    ):
        command = ChangeBooking(slot_id=department.slots[2])
        change_booking(session, actor(department, 0), held, command)
    assert caught.value.code == "hold_over"


def ended(booking_id: UUID) -> tuple[str, str | None]:
    with transaction() as session:
        found = session.get_one(Booking, booking_id)
        return found.state, found.because
