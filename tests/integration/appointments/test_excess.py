"""A hospital wants fewer places than are taken: whoever has one keeps it, and nobody gets it after
them, in whichever way it is given back.
"""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from appointments.models import Booking, Slot
from appointments.queries.pace import read_pace
from appointments.schemas import BookSlot, ChangeBooking, ChangeCapacity, Pool, State
from appointments.services import places
from appointments.services.booking import book_slot, hold_slot
from appointments.services.cancelling import cancel_booking
from appointments.services.changing import change_booking
from appointments.services.sessions import change_capacity
from appointments.services.sweeping import give_back_expired
from core import clock
from core.access import Actor, Role
from core.errors import Conflict
from tests.factories.appointments import make_clinic, make_slots
from tests.factories.auth import actor_for, make_account
from tests.integration.appointments.waiting import free, join, resident

NO_SHARES = {"family_doctor": 0, "referral": 0, "onsite": 0, "elderly": 0}
SOME_SHARES = NO_SHARES | {"family_doctor": 1, "onsite": 1}
COUNTS = ("remaining", "family_doctor", "referral", "onsite", "elderly", "waitlist")


def book(session: Session, slot: Slot, *, held: bool = False) -> Actor:
    actor = resident(session)
    assert actor.person_id
    command = BookSlot(slot_id=slot.id, person_id=actor.person_id)
    (hold_slot if held else book_slot)(session, actor, command)
    return actor


def wish(session: Session, slot: Slot, capacity: int, shares: dict[str, int] = NO_SHARES) -> bool:
    places.lock_slots(session, [slot.id])
    return places.reshare(session, slot.id, capacity, shares)


def booking_of(session: Session, actor: Actor) -> Booking:
    return session.scalars(select(Booking).where(Booking.person_id == actor.person_id)).one()


def test_what_is_wanted_no_more_is_not_sold_again(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=3)[0]
    first, second = book(session, slot), book(session, slot)
    assert wish(session, slot, 1)
    session.refresh(slot)
    assert (slot.capacity, slot.taken, slot.excess) == (2, 2, 1)
    assert not wish(session, slot, 1)
    cancel_booking(session, first, booking_of(session, first).id)
    session.refresh(slot)
    assert (slot.capacity, slot.taken, slot.excess, slot.remaining) == (1, 1, 0, 0)
    with pytest.raises(Conflict):
        book(session, slot)
    # Of those that are wanted, one that comes back is there again.
    cancel_booking(session, second, booking_of(session, second).id)
    assert free(session, slot) == (0, 1, 0)
    # Wanted no more at all, and then again after all.
    third = book(session, slot)
    assert wish(session, slot, 0)
    assert wish(session, slot, 1)
    cancel_booking(session, third, booking_of(session, third).id)
    assert free(session, slot) == (0, 1, 0)


def test_neither_do_those_who_wait_get_it(session: Session) -> None:
    slots = make_slots(session, make_clinic(session), capacity=1)
    for each in slots[1:]:
        session.delete(each)
    had = book(session, slots[0])
    join(session, resident(session), slots[0])
    wish(session, slots[0], 0)
    cancel_booking(session, had, booking_of(session, had).id)
    assert free(session, slots[0]) == (0, 0, 0)
    assert slots[0].capacity == 0
    # A room whose last place went has a pace all the same.
    assert read_pace(session, slots[0].session_id).minutes > 0


def test_the_desk_may_want_them_after_all(session: Session) -> None:
    clinic = make_clinic(session)
    slot = make_slots(session, clinic, capacity=2)[0]
    had = book(session, slot)
    wish(session, slot, 0)
    unit = str(clinic.institution.id)
    desk = actor_for(session, make_account(session, roles={Role.REGISTRAR: [unit]}).id)
    change_capacity(session, desk, slot.session_id, ChangeCapacity(slot_id=slot.id, capacity=1))
    session.refresh(slot)
    assert (slot.capacity, slot.excess) == (1, 0)
    cancel_booking(session, had, booking_of(session, had).id)
    assert free(session, slot) == (0, 1, 0)


def test_a_place_that_the_hospital_refuses_goes_once(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=2)[0]
    had = book(session, slot)
    wish(session, slot, 0)
    values = {"id": booking_of(session, had).id, "now": clock.now(), "because": "hospital"}
    ended = session.execute(places.END_ONE_ANY, values).one()
    places.withdraw(session, slot.id, ended.pool)
    assert free(session, slot) == (0, 0, 0)


def test_the_database_holds_it(session: Session) -> None:
    slot = make_slots(session, make_clinic(session), capacity=2)[0]
    book(session, slot)
    for excess in (-1, 1, 2):
        with pytest.raises(IntegrityError, match="excess"), session.begin_nested():
            session.execute(update(Slot).where(Slot.id == slot.id).values(excess=excess))


WISH = st.tuples(st.just("wish"), st.integers(0, 4))
STEP = st.one_of(
    WISH,
    st.tuples(st.just("share"), st.integers(0, 4)),
    *(
        st.tuples(st.just(what), st.integers(0, 3))
        for what in ("book", "hold", "cancel", "expire", "change", "move")
    ),
)


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example([("book", 0), ("hold", 0), ("hold", 0), ("wish", 1), ("expire", 0), ("book", 0)])
@example([("book", 0), ("book", 0), ("wish", 0), ("change", 0), ("cancel", 0), ("share", 3)])
@given(steps=st.lists(STEP, min_size=4, max_size=10))
def test_there_are_as_many_places_as_wanted_or_taken(
    session: Session, steps: list[tuple[str, int]]
) -> None:
    """Of whatever sequence: never more than are wanted, but for those who have one already."""
    clinic = make_clinic(session)
    slot, other = make_slots(session, clinic, capacity=3, day=clock.today() + timedelta(days=4))[:2]
    wanted, live = 3, list[Actor]()
    for what, number in steps:
        try:
            if what in ("wish", "share"):
                wish(session, slot, number, SOME_SHARES if what == "share" else NO_SHARES)
                wanted = number
            elif what in ("book", "hold"):
                live.append(book(session, slot, held=what == "hold"))
            elif what == "expire":
                holds = update(Booking).where(
                    Booking.slot_id == slot.id, Booking.state == State.HELD
                )
                session.execute(holds.values(held_until=clock.now() - timedelta(seconds=1)))
                give_back_expired(session, slot.id)
            elif what == "move":
                values = {"slot_ids": [slot.id], "places": number, "now": clock.now()}
                session.execute(places.MOVE[Pool.ONSITE, Pool.PUBLIC], values)
            elif live:
                actor = live.pop(number % len(live))
                booking_id = booking_of(session, actor).id
                if what == "cancel":
                    cancel_booking(session, actor, booking_id)
                else:
                    change_booking(session, actor, booking_id, ChangeBooking(slot_id=other.id))
        except Conflict:
            pass  # nothing is free, or it has ended already
        session.expire_all()
        taken = len(
            session.scalars(
                select(Booking.id).where(
                    Booking.slot_id == slot.id, Booking.state.in_((State.HELD, State.BOOKED))
                )
            ).all()
        )
        counts = [getattr(slot, name) for name in COUNTS]
        assert (slot.taken, slot.excess) == (taken, max(taken - wanted, 0))
        assert slot.capacity == max(wanted, taken) == taken + sum(counts)
        assert min(counts) >= 0
