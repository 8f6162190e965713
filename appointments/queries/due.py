"""What the scheduled work of the room has to do now."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from appointments.queries.bookings import BOOKING
from appointments.queries.offers import CLINIC, SLOT
from appointments.schemas import State
from core import clock

ID: ColumnElement[Any] = SLOT.c.id


def expired_holds(session: Session) -> list[UUID]:
    """The slots in which a place is held longer than it may be."""
    query = (
        select(BOOKING.c.slot_id)
        .where(BOOKING.c.state == State.HELD, BOOKING.c.held_until <= clock.now())
        .distinct()
        .order_by(BOOKING.c.slot_id)
    )
    return list(session.scalars(query))


def reserved_over(session: Session) -> list[UUID]:
    """The slots whose reserved places go to the public."""
    query = (
        select(ID)
        .where(
            SLOT.c.family_doctor + SLOT.c.referral > 0,
            SLOT.c.reserved_until <= clock.now(),
        )
        .order_by(ID)
    )
    return list(session.scalars(query))


def stopped_slots(session: Session, session_id: UUID) -> list[UUID]:
    """The slots of a stopped session in which somebody has a place that was not over yet."""
    query = (
        select(ID)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .where(
            CLINIC.c.id == session_id,
            SLOT.c.stopped,
            SLOT.c.ends_at > CLINIC.c.stopped_at,
            SLOT.c.taken > 0,
        )
        .order_by(ID)
    )
    return list(session.scalars(query))
