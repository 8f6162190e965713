"""What the scheduled work of the room has to do now."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from appointments.queries.bookings import BOOKING
from appointments.queries.offers import SLOT
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
