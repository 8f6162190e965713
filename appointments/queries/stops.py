"""What a stop means to those it meets."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from appointments.models import Wait
from appointments.queries.bookings import BOOKING, get_booking
from appointments.queries.offers import CLINIC, SLOT
from appointments.schemas import Action, Because, BookingView, State
from core.access import Actor
from core.errors import NotFound


def stop_reason(session: Session, booking_id: UUID) -> str:
    """Why the session of a booking was stopped; nothing where it takes place again."""
    query = (
        select(CLINIC.c.stop_reason)
        .join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .where(BOOKING.c.id == booking_id)
    )
    return session.scalar(query) or ""


def find_stopped_wait(session: Session, wait_id: UUID) -> Row[Any] | None:
    """What somebody waited for, for the message."""
    query: Select[Any] = (
        select(
            CLINIC.c.date,
            CLINIC.c.institution_name,
            CLINIC.c.department_id,
            CLINIC.c.department_name,
            CLINIC.c.department_name_en,
            CLINIC.c.stop_reason,
        )
        .join(Wait, Wait.session_id == CLINIC.c.id)
        .where(Wait.id == wait_id)
    )
    found: Row[Any] | None = session.execute(query).one_or_none()
    return found


def get_stopped(session: Session, actor: Actor, booking_id: UUID) -> BookingView:
    """A booking that the hospital ended, for whoever may choose another place instead.

    Raises NotFound (also where it was not stopped) or Denied.
    """
    booking = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    if booking.because is not Because.STOPPED:
        raise NotFound()
    return booking


def find_instead(session: Session, booking_id: UUID) -> UUID | None:
    """The live booking that was made for a stopped one."""
    former = BOOKING.alias("former")
    person = select(former.c.person_id).where(former.c.id == booking_id).scalar_subquery()
    # By the person, whose bookings have an index and are few.
    query = select(BOOKING.c.id).where(
        BOOKING.c.person_id == person,
        BOOKING.c.changed_from == booking_id,
        BOOKING.c.state != State.CANCELLED,
    )
    return session.scalar(query)
