"""What the scheduled work of the room has to do now."""

from datetime import time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, union
from sqlalchemy.orm import Session

from appointments.models import Reminder
from appointments.queries.bookings import BOOKING, LIVE
from appointments.queries.offers import SLOT
from appointments.queries.tickets import TICKET
from appointments.schemas import BookingView, ReminderKind, State
from core import clock

# A visit is reminded of so long before, and on the day before between these hours.
AHEAD = timedelta(hours=2)
DAY_BEGINS, DAY_ENDS = time(9), time(20)
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


def reminders_due(session: Session) -> list[tuple[UUID, ReminderKind]]:
    """Whom to remind now: the evening's and the day's visits within two hours, and by day those of
    tomorrow. Whoever booked after a reminder's time has just been told, and gets none.
    """
    now, today = clock.now(), clock.today()
    soon = (
        BOOKING.c.date.in_((today, today + timedelta(days=1))),
        BOOKING.c.starts_at > now,
        BOOKING.c.starts_at <= now + AHEAD,
        BOOKING.c.created_at <= BOOKING.c.starts_at - AHEAD,
    )
    found = _unreminded(session, ReminderKind.TWO_HOURS, *soon)
    if DAY_BEGINS <= clock.local(now).time() < DAY_ENDS:
        tomorrow = (
            BOOKING.c.date == today + timedelta(days=1),
            BOOKING.c.created_at <= clock.at(today, DAY_BEGINS.hour),
        )
        found += _unreminded(session, ReminderKind.DAY_BEFORE, *tomorrow)
    return found


def reminders_ahead(booking: BookingView) -> set[ReminderKind]:
    """Which reminders of a kept booking are still to come, as ``reminders_due`` finds them."""
    now, day_before = clock.now(), booking.date - timedelta(days=1)
    begins, ends = (clock.at(day_before, at.hour) for at in (DAY_BEGINS, DAY_ENDS))
    soon = booking.starts_at - AHEAD
    ahead = set()
    if booking.created_at <= begins and now < ends:
        ahead.add(ReminderKind.DAY_BEFORE)
    if booking.created_at <= soon and now < soon:
        ahead.add(ReminderKind.TWO_HOURS)
    return ahead


def _unreminded(
    session: Session, kind: ReminderKind, *conditions: ColumnElement[bool]
) -> list[tuple[UUID, ReminderKind]]:
    sent = exists().where(Reminder.booking_id == BOOKING.c.id, Reminder.kind == kind)
    query = (
        select(BOOKING.c.id)
        .where(BOOKING.c.state == State.BOOKED, *conditions, ~sent)
        .order_by(BOOKING.c.starts_at, BOOKING.c.id)
    )
    return [(booking_id, kind) for booking_id in session.scalars(query)]


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
    """The slots in which a stop may have something to end: those of the session where somebody has
    a place, over or not, and those of who was sent to its room from another.
    """
    own = select(ID).where(SLOT.c.session_id == session_id, SLOT.c.taken > 0)
    sent = (
        select(BOOKING.c.slot_id)
        .join(TICKET, TICKET.c.booking_id == BOOKING.c.id)
        .where(TICKET.c.session_id == session_id, BOOKING.c.state.in_(LIVE))
    )
    return sorted(session.scalars(union(own, sent)))
