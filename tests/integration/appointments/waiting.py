"""Residents who wait for a full session, and what becomes of its places."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.jobs import offer_places
from appointments.models import Booking, Slot, Wait
from appointments.schemas import JoinWait, State, Waiting, WaitView
from appointments.services.cancelling import cancel_booking
from appointments.services.waitlist import join_wait
from core.access import Actor
from core.ids import new_id
from tests.factories.residents import make_resident


def resident(session: Session, born: date = date(1980, 5, 17)) -> Actor:
    account, person = make_resident(session, birth_date=born)
    return Actor(account_id=account.id, person_id=person.id, verified=True)


def join(session: Session, actor: Actor, slot: Slot, person_id: UUID | None = None) -> WaitView:
    whose = person_id or actor.person_id
    assert whose
    return join_wait(session, actor, JoinWait(session_id=slot.session_id, person_id=whose))


def give_back(session: Session, slot: Slot) -> None:
    """Whoever has the place cancels it, and what follows from it is done."""
    booking = session.scalars(
        select(Booking).where(Booking.slot_id == slot.id, Booking.state == State.BOOKED)
    ).first()
    assert booking
    owner = Actor(account_id=new_id(), person_id=booking.person_id, verified=True)
    cancel_booking(session, owner, booking.id)
    offer_places(str(slot.session_id))


def state(session: Session, wait: WaitView) -> Waiting:
    return Waiting(session.get_one(Wait, wait.id, populate_existing=True).state)


def held(session: Session, wait: WaitView) -> Booking:
    row = session.get_one(Wait, wait.id, populate_existing=True)
    assert row.booking_id
    return session.get_one(Booking, row.booking_id, populate_existing=True)


def free(session: Session, slot: Slot) -> tuple[int, int, int]:
    """(taken, public, for those who wait)."""
    session.refresh(slot)
    assert slot.taken + slot.remaining + slot.waitlist == slot.capacity
    return slot.taken, slot.remaining, slot.waitlist
