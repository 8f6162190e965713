"""Booking and cancelling: the place count is changed by one conditional statement, never read
and written back. Lock order everywhere: the patient, the booking, the slot.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, literal_column, text
from sqlalchemy.orm import Session

from appointments.events import BookingCancelled, SlotBooked
from appointments.models import Rule
from appointments.queries.bookings import (
    booking_view,
    get_booking,
    units_of,
)
from appointments.queries.offers import ONE_SLOT, SLOT, find_nearest, slot_view
from appointments.schemas import Action, BookingView, BookSlot, SlotState, State
from core import clock
from core.access import Actor, Resource, require
from core.errors import Conflict, NotFound
from core.events import publish
from core.ids import new_id
from core.messages import N_
from directory.public import in_service

RULE = Rule.__table__

# What is asked for, and the patient's own lock until the end of the transaction: a patient who
# books from two places at once is counted one after the other, so their limits hold exactly.
WANTED = ONE_SLOT.add_columns(
    SLOT.c.division_code,
    RULE.c.day_limit,
    RULE.c.active_limit,
    func.pg_advisory_xact_lock(bindparam("patient")).label("lock"),
).join(RULE, RULE.c.institution_id == SLOT.c.institution_id)

# The whole booking: the patient's limits, the place, the number, the booking; and when nothing
# was taken, the counts that say why.
IN_SERVICE = in_service(
    literal_column("slot.institution_id"),
    literal_column("slot.department_id"),
    literal_column("clinic.staff_id"),
)
BOOK = text(f"""
WITH held AS (
    SELECT count(*) FILTER (WHERE date = :date) AS on_day,
           count(*) FILTER (WHERE date = :date AND department_id = :department_id)
               AS in_department,
           count(*) FILTER (WHERE state = 'booked' AND starts_at > :now) AS ahead
    FROM appointments_booking
    WHERE person_id = :person_id AND starts_at >= :since AND state <> 'cancelled'
), taken AS (
    UPDATE appointments_slot AS slot
    SET remaining = slot.remaining - 1, issued = slot.issued + 1
    FROM held, appointments_session AS clinic
    WHERE slot.id = :slot_id AND clinic.id = slot.session_id AND slot.remaining > 0
      AND slot.opens_at <= :now AND slot.closes_at > :now
      AND held.in_department = 0 AND held.on_day < :day_limit AND held.ahead < :active_limit
      AND {IN_SERVICE}
    RETURNING slot.id, slot.institution_id, slot.department_id, slot.division_code,
              slot.date, slot.starts_at, slot.issued
), made AS (
    INSERT INTO appointments_booking (id, slot_id, person_id, account_id, institution_id,
        department_id, division_code, date, starts_at, number, state, created_at)
    SELECT :id, id, :person_id, :account_id, institution_id,
        department_id, division_code, date, starts_at, issued, 'booked', :now
    FROM taken
    RETURNING number
)
SELECT held.on_day, held.in_department, held.ahead, made.number
FROM held LEFT JOIN made ON true
""")  # noqa: S608  the directory's condition, nobody's input

# The booking ends and its place returns, or neither.
CANCEL = text("""
WITH ended AS (
    UPDATE appointments_booking AS booking
    SET state = 'cancelled', cancelled_at = :now
    FROM appointments_slot AS slot
    WHERE booking.id = :id AND booking.state = 'booked'
      AND slot.id = booking.slot_id AND slot.cancel_until > :now
    RETURNING booking.slot_id
)
UPDATE appointments_slot AS slot SET remaining = slot.remaining + 1
FROM ended WHERE slot.id = ended.slot_id
RETURNING slot.id
""")


def book_slot(session: Session, actor: Actor, command: BookSlot) -> BookingView:
    """Take a place. Raises NotFound, Denied, or Conflict that says why and what is free instead."""
    wanted = session.execute(
        WANTED, {"slot_id": command.slot_id, "patient": _lock_of(command.person_id)}
    ).one_or_none()
    if wanted is None:
        raise NotFound()
    units = units_of(wanted.institution_id, wanted.division_code)
    slot = Resource("Slot", str(command.slot_id), command.person_id, units)
    require(session, actor, Action.BOOK, slot)
    booking_id, now = new_id(), clock.now()
    outcome = session.execute(
        BOOK,
        {
            "id": booking_id,
            "slot_id": command.slot_id,
            "person_id": command.person_id,
            "account_id": actor.account_id,
            "department_id": wanted.department_id,
            "date": wanted.date,
            "day_limit": wanted.day_limit,
            "active_limit": wanted.active_limit,
            "now": now,
            # A day's bookings count until midnight, also when their slot has begun.
            "since": clock.at(min(wanted.date, clock.today()), 0),
        },
    ).one()
    if outcome.number is None:
        raise _refusal(session, wanted, outcome)
    publish(session, SlotBooked(booking_id=booking_id, person_id=command.person_id))
    return booking_view(
        {
            **wanted._mapping,
            "id": booking_id,
            "slot_id": command.slot_id,
            "person_id": command.person_id,
            "state": State.BOOKED,
            "number": outcome.number,
            "created_at": now,
            "cancelled_at": None,
        }
    )


def cancel_booking(session: Session, actor: Actor, booking_id: UUID) -> BookingView:
    """Give a place back; one that was given back already stays so.

    Raises NotFound, Denied, or Conflict ``too_late_to_cancel``.
    """
    booking = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    if booking.state is State.CANCELLED:
        return booking
    now = clock.now()
    freed = session.execute(CANCEL, {"id": booking_id, "now": now}).one_or_none()
    if freed is None:
        return _not_cancelled(session, actor, booking)
    publish(session, BookingCancelled(booking_id=booking_id, person_id=booking.person_id))
    ended = {"state": State.CANCELLED, "cancelled_at": now, "cancellable": False}
    return booking.model_copy(update=ended)


def _not_cancelled(session: Session, actor: Actor, booking: BookingView) -> BookingView:
    """Another request was faster, or it is too late."""
    current = get_booking(session, actor, booking.id, Action.CANCEL_BOOKING)
    if current.state is State.CANCELLED:
        return current
    raise Conflict(
        "too_late_to_cancel",
        N_("网上取消已于 %(until)s 截止。如不能前来，请直接告诉医院导诊台。"),
        until=_day_and_time(current.cancel_until),
    )


def _refusal(session: Session, wanted: Row[Any], outcome: Row[Any]) -> Conflict:
    """Why no place was taken. The patient's own limits come first: another slot would not help."""
    if outcome.in_department:
        return Conflict(
            "already_booked",
            N_("您这一天在这个科室已有预约，每人每天每个科室约一次。可以在“我的预约”里查看。"),
        )
    if outcome.on_day >= wanted.day_limit:
        return Conflict(
            "day_limit",
            N_("每人每天最多预约 %(limit)s 次，您这一天已经约满。请换一天，或先取消一个预约。"),
            limit=wanted.day_limit,
        )
    if outcome.ahead >= wanted.active_limit:
        return Conflict(
            "active_limit",
            N_("您有 %(limit)s 个还没就诊的预约，已到上限。就诊或取消一个之后可以再约。"),
            limit=wanted.active_limit,
        )
    slot = slot_view(wanted)
    if slot.state is SlotState.OUT_OF_SERVICE:
        return Conflict("out_of_service", N_("这个门诊已停诊，不能再预约。请看看其他医生或科室。"))
    if slot.state is SlotState.NOT_YET:
        return Conflict(
            "slot_not_open",
            N_("这个时段 %(opens)s 放号，请到时再约。"),
            opens=_day_and_time(slot.opens_at),
        )
    nearest = find_nearest(session, slot)
    if nearest is None:
        return Conflict("none_free", N_("这个科室近期的号都约满了。请明天再来看看，或换一家医院。"))
    free = _clock(nearest.starts_at)
    if nearest.date != slot.date:
        free = _day_and_time(nearest.starts_at)
    if slot.state is SlotState.CLOSED:
        return Conflict(
            "slot_closed", N_("这个时段的预约已截止，最近的空位是 %(free)s。"), free=free
        )
    return Conflict("slot_full", N_("这个时段刚被约满，最近的空位是 %(free)s。"), free=free)


def _lock_of(person_id: UUID) -> int:
    """The patient's advisory lock: 64 random bits of their id."""
    return int.from_bytes(person_id.bytes[8:], signed=True)


def _clock(moment: datetime) -> str:
    return f"{clock.local(moment):%H:%M}"


def _day_and_time(moment: datetime) -> str:
    return f"{clock.local(moment):%m-%d %H:%M}"
