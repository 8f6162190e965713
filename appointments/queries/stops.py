"""What a stop means to those it meets."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Row,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    exists,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from appointments.models import Wait
from appointments.queries.bookings import BOOKING, LIVE, get_booking, units_of
from appointments.queries.offers import CLINIC, SLOT
from appointments.queries.tickets import IN_QUEUE, TICKET
from appointments.schemas import (
    Action,
    Because,
    BookingView,
    State,
    StoppedBooking,
    TicketState,
)
from core.access import Actor, Resource, require
from core.errors import NotFound
from notifications.public import Message
from residents.public import Person

INSTEAD_BEFORE, INSTEAD_AFTER = "/appointments/bookings/", "/instead"
PATIENT, MESSAGE = Person.__table__, Message.__table__
LATER = BOOKING.alias("later")
# The message of a stop, by its person, whose messages have an index; it may have come twice.
TOLD = and_(
    MESSAGE.c.person_id == BOOKING.c.person_id,
    MESSAGE.c.link == INSTEAD_BEFORE + cast(BOOKING.c.id, Text) + INSTEAD_AFTER,
)
# A row without a booking where a stop has ended none. Bookings by day and house: these have an
# index, and a session is of one. With those of other sessions whose patients waited in its room.
STOPPED = (
    select(
        CLINIC.c.institution_id,
        CLINIC.c.division_code,
        BOOKING.c.id.label("booking_id"),
        BOOKING.c.starts_at,
        BOOKING.c.number,
        PATIENT.c.name.label("person_name"),
        PATIENT.c.phone_index.is_not(None).label("reachable"),
        select(func.min(MESSAGE.c.created_at)).where(TOLD).scalar_subquery().label("told_at"),
        select(func.min(MESSAGE.c.read_at)).where(TOLD).scalar_subquery().label("read_at"),
        LATER.c.starts_at.label("moved_to"),
    )
    .select_from(
        CLINIC.outerjoin(
            BOOKING.join(SLOT, SLOT.c.id == BOOKING.c.slot_id)
            .join(PATIENT, PATIENT.c.id == BOOKING.c.person_id)
            .outerjoin(TICKET, TICKET.c.booking_id == BOOKING.c.id)
            .outerjoin(
                LATER,
                and_(
                    LATER.c.person_id == BOOKING.c.person_id,
                    LATER.c.changed_from == BOOKING.c.id,
                    LATER.c.state != State.CANCELLED,
                ),
            ),
            and_(
                BOOKING.c.date == CLINIC.c.date,
                BOOKING.c.institution_id == CLINIC.c.institution_id,
                BOOKING.c.because == Because.STOPPED,
                or_(SLOT.c.session_id == CLINIC.c.id, TICKET.c.session_id == CLINIC.c.id),
            ),
        )
    )
    .where(CLINIC.c.id == bindparam("session", type_=Uuid()))
    .order_by(BOOKING.c.starts_at, BOOKING.c.number, BOOKING.c.id)
)


def met_by_stop(session_ids: Collection[UUID], at: datetime) -> Subquery:
    """The live bookings that a stop of these sessions at this moment ends: of those who wait in
    their rooms, whatever the time and the session of the booking; and of slots that are not over,
    but for patients who stand in another room, or were called or seen.
    """
    ids = list(session_ids)
    live = BOOKING.c.state.in_(LIVE)
    waiting = (
        select(BOOKING.c.id, BOOKING.c.slot_id)
        .join(TICKET, TICKET.c.booking_id == BOOKING.c.id)
        .where(TICKET.c.session_id.in_(ids), TICKET.c.state.in_(IN_QUEUE), live)
    )
    came = exists().where(TICKET.c.booking_id == BOOKING.c.id, TICKET.c.state != TicketState.LEFT)
    expected = (
        select(BOOKING.c.id, BOOKING.c.slot_id)
        .join(SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .where(SLOT.c.session_id.in_(ids), SLOT.c.ends_at > at, live, ~came)
    )
    return union_all(waiting, expected).subquery()


def queued_in_vain(session: Session, session_id: UUID) -> list[UUID]:
    """The tickets in a room's queue whose bookings have ended."""
    query = (
        select(TICKET.c.id)
        .join(BOOKING, BOOKING.c.id == TICKET.c.booking_id)
        .where(
            TICKET.c.session_id == session_id,
            TICKET.c.state.in_(IN_QUEUE),
            BOOKING.c.state == State.CANCELLED,
        )
    )
    return list(session.scalars(query))


def stop_reason(session: Session, booking_id: UUID) -> str:
    """Why the session of a booking was stopped, or the room that its patient waited in; nothing
    where it takes place again.
    """
    room = CLINIC.alias("room")
    query = (
        select(func.coalesce(func.nullif(CLINIC.c.stop_reason, ""), room.c.stop_reason))
        .join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .outerjoin(TICKET, TICKET.c.booking_id == BOOKING.c.id)
        .outerjoin(room, room.c.id == TICKET.c.session_id)
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


def list_stopped(session: Session, actor: Actor, session_id: UUID) -> list[StoppedBooking]:
    """The bookings that stops of a session ended, by time and number, and whether their patients
    were told and have another place. Raises NotFound or Denied.
    """
    rows = session.execute(STOPPED, {"session": session_id}).all()
    if not rows:
        raise NotFound()
    units = units_of(rows[0].institution_id, rows[0].division_code)
    # Their names are those of the day's list, and for whoever may read that.
    day = Resource("DayList", str(rows[0].institution_id), units=units)
    require(session, actor, Action.READ_DAY_LIST, day)
    return [StoppedBooking.model_validate(row) for row in rows if row.booking_id]


def instead_link(booking_id: UUID) -> str:
    """Where a patient takes another place: what the message of the stop leads to."""
    return f"{INSTEAD_BEFORE}{booking_id}{INSTEAD_AFTER}"


def find_instead(session: Session, booking_id: UUID) -> UUID | None:
    """The live booking that was made for one that was stopped, or moved to another time."""
    former = BOOKING.alias("former")
    person = select(former.c.person_id).where(former.c.id == booking_id).scalar_subquery()
    # By the person, whose bookings have an index and are few.
    query = select(BOOKING.c.id).where(
        BOOKING.c.person_id == person,
        BOOKING.c.changed_from == booking_id,
        BOOKING.c.state != State.CANCELLED,
    )
    return session.scalar(query)
