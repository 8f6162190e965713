"""The waitlist under several workers at once, under crashes, and in any order of events."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from appointments.jobs import keep_waits_moving, offer_places, return_places
from appointments.models import Booking, Slot, Wait
from appointments.queries.bookings import LIVE
from appointments.schemas import BookSlot, JoinWait, State, Waiting
from appointments.services import waitlist
from appointments.services.booking import book_slot, confirm_booking
from appointments.services.cancelling import cancel_booking
from appointments.services.waitlist import join_wait, leave_wait
from core import clock
from core.access import Actor
from core.database import transaction
from core.errors import Conflict
from tests.factories.appointments import make_booking, make_clinic, make_slots
from tests.factories.residents import make_resident

PLACES, WAITERS, WORKERS = 8, 12, 4


def resident(session: Session) -> Actor:
    account, person = make_resident(session)
    return Actor(account_id=account.id, person_id=person.id, verified=True)


def full_slot(session: Session, capacity: int) -> tuple[Slot, list[Actor]]:
    """A session of one slot, all of whose places are booked, and who booked them."""
    slot, *others = make_slots(session, make_clinic(session, offer_minutes=20), capacity=capacity)
    for other in others:
        session.delete(other)
    owners = [resident(session) for _ in range(capacity)]
    for owner in owners:
        assert owner.person_id
        make_booking(session, slot, owner.person_id, account_id=owner.account_id)
    return slot, owners


def wait_for(session: Session, slot: Slot, actor: Actor) -> UUID:
    assert actor.person_id
    return join_wait(
        session, actor, JoinWait(session_id=slot.session_id, person_id=actor.person_id)
    ).id


def at_once(works: list[Callable[[], None]]) -> None:
    gate = Barrier(len(works))

    def start(work: Callable[[], None]) -> None:
        gate.wait()
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        list(pool.map(start, works))


def give_back(owner: Actor) -> None:
    with transaction() as session:
        booking_id = session.scalars(
            select(Booking.id).where(Booking.person_id == owner.person_id)
        ).one()
        cancel_booking(session, owner, booking_id)


def test_places_that_come_back_while_workers_offer_go_each_to_one(
    committed_database: Engine,
) -> None:
    with transaction() as session:
        slot, owners = full_slot(session, PLACES)
        waits = [wait_for(session, slot, resident(session)) for _ in range(WAITERS)]

    def offer() -> None:
        for _ in range(3):
            offer_places(str(slot.session_id))
            keep_waits_moving()

    gives: list[Callable[[], None]] = [lambda owner=owner: give_back(owner) for owner in owners]  # type: ignore[misc]
    at_once([*gives, *[offer] * WORKERS])
    offer()
    with transaction() as session:
        rows = {row.id: row for row in session.scalars(select(Wait))}
        states = [rows[wait_id].state for wait_id in waits]
        assert states == [Waiting.OFFERED] * PLACES + [Waiting.WAITING] * (WAITERS - PLACES)
        offered = {rows[wait_id].booking_id for wait_id in waits[:PLACES]}
        held = session.scalars(select(Booking.id).where(Booking.state == State.HELD))
        assert set(held) == offered
        now = session.get_one(Slot, slot.id)
        assert (now.taken, now.remaining, now.waitlist) == (PLACES, 0, 0)


def test_a_crash_in_the_middle_of_an_offer_loses_nothing(
    committed_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        slot, owners = full_slot(session, 1)
        wait_id = wait_for(session, slot, resident(session))
    give_back(owners[0])

    def die(*_: object) -> None:
        raise RuntimeError("the worker dies")

    with monkeypatch.context() as patch:
        patch.setattr(waitlist, "publish", die)
        with pytest.raises(RuntimeError):
            offer_places(str(slot.session_id))
    with transaction() as session:
        assert session.get_one(Wait, wait_id).state == Waiting.WAITING
        assert session.get_one(Slot, slot.id).waitlist == 1
    for _ in range(2):
        offer_places(str(slot.session_id))
    with transaction() as session:
        assert session.get_one(Wait, wait_id).state == Waiting.OFFERED
        live = select(func.count()).select_from(Booking).where(Booking.state.in_(LIVE))
        assert session.scalar(live) == 1
        assert session.get_one(Slot, slot.id).waitlist == 0


def test_confirming_and_expiring_at_once_gives_the_place_to_one(
    committed_database: Engine,
) -> None:
    with transaction() as session:
        slot, owners = full_slot(session, 1)
        first, second = resident(session), resident(session)
        one, two = wait_for(session, slot, first), wait_for(session, slot, second)
    give_back(owners[0])
    offer_places(str(slot.session_id))
    with transaction() as session:
        booking_id = session.get_one(Wait, one).booking_id
        assert booking_id

    def confirm() -> None:
        with suppress(Conflict), transaction() as session:
            confirm_booking(session, first, booking_id)

    def decline() -> None:
        with suppress(Conflict), transaction() as session:
            leave_wait(session, first, one)
        keep_waits_moving()

    at_once([confirm, decline, keep_waits_moving])
    keep_waits_moving()
    with transaction() as session:
        states = session.get_one(Wait, one).state, session.get_one(Wait, two).state
        assert states in {
            (Waiting.TAKEN, Waiting.WAITING),
            (Waiting.LAPSED, Waiting.OFFERED),
        }
        assert session.get_one(Slot, slot.id).taken == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("join", "leave", "book", "cancel", "confirm", "late", "tick")),
        st.integers(0, 4),
    ),
    max_size=25,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whatever_happens_no_place_is_lost(session: Session, steps: list[tuple[str, int]]) -> None:
    """Five people and two places: after each step the books agree, and once all jobs have run
    nobody waits who could have a place.
    """
    outer = session.begin_nested()
    slot, owners = full_slot(session, 2)
    people = [*owners, *(resident(session) for _ in range(3))]
    with ExitStack() as time:
        for step, number in steps:
            if step == "late":
                time.enter_context(clock.shifted(timedelta(minutes=7)))
            elif step == "tick":
                return_places()
                keep_waits_moving()
            else:
                with suppress(Conflict):
                    act(session, step, slot, people[number])
            agree(session, slot)
        return_places()
        keep_waits_moving()
        agree(session, slot)
        settled(session, slot)
    outer.rollback()
    session.expire_all()


def act(session: Session, step: str, slot: Slot, actor: Actor) -> None:
    assert actor.person_id
    booking = session.scalars(
        select(Booking).where(Booking.person_id == actor.person_id, Booking.state.in_(LIVE))
    ).first()
    wait = session.scalars(
        select(Wait)
        .where(Wait.person_id == actor.person_id)
        .order_by(Wait.created_at.desc(), Wait.id.desc())
    ).first()
    if step == "join":
        wait_for(session, slot, actor)
    elif step == "book":
        book_slot(session, actor, BookSlot(slot_id=slot.id, person_id=actor.person_id))
    elif step == "leave" and wait:
        leave_wait(session, actor, wait.id)
    elif step == "cancel" and booking:
        cancel_booking(session, actor, booking.id)
    elif step == "confirm" and booking:
        confirm_booking(session, actor, booking.id)


def agree(session: Session, slot: Slot) -> None:
    session.expire_all()
    live = session.scalars(
        select(Booking).where(Booking.slot_id == slot.id, Booking.state.in_(LIVE))
    ).all()
    assert slot.taken == len(live)
    assert slot.taken + slot.remaining + slot.waitlist == slot.capacity
    assert len({booking.person_id for booking in live}) == len(live)
    waits = session.scalars(select(Wait).where(Wait.session_id == slot.session_id)).all()
    held = {booking.id for booking in live if booking.state == State.HELD}
    assert {wait.booking_id for wait in waits if wait.state == Waiting.OFFERED} == held
    unended = [wait.person_id for wait in waits if wait.state in (Waiting.WAITING, Waiting.OFFERED)]
    assert len(set(unended)) == len(unended)


def settled(session: Session, slot: Slot) -> None:
    booked = set(
        session.scalars(
            select(Booking.person_id).where(Booking.slot_id == slot.id, Booking.state.in_(LIVE))
        )
    )
    waiting = session.scalars(
        select(Wait.person_id).where(
            Wait.session_id == slot.session_id, Wait.state == Waiting.WAITING
        )
    )
    assert slot.waitlist == 0
    if set(waiting) - booked:
        assert slot.remaining == 0
