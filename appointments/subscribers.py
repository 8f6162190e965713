"""What follows from this room's own facts: the patient is told."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.events import BookingCancelled, BookingStopped, SlotBooked, WaitStopped
from appointments.queries.bookings import find_booking
from appointments.queries.stops import find_stopped_wait, stop_reason
from core import clock
from core.messages import N_
from notifications.public import notify


def tell_booked(session: Session, event: SlotBooked) -> None:
    """A message with the time, the place and the number."""
    _tell(
        session,
        event.booking_id,
        N_("预约成功：%(when)s，%(institution)s %(department)s，时段内第 %(number)s 号。"),
    )


def tell_cancelled(session: Session, event: BookingCancelled) -> None:
    """A message that the place was given back."""
    _tell(
        session,
        event.booking_id,
        N_("已取消预约：%(when)s，%(institution)s %(department)s。名额已退回。"),
    )


def tell_stopped(session: Session, event: BookingStopped) -> None:
    """A message that the clinic does not take place, why, and where to choose another time."""
    _tell(
        session,
        event.booking_id,
        N_(
            "停诊通知：%(when)s，%(institution)s %(department)s 停诊（%(reason)s）。"
            "预约已取消，不计爽约，也不用缴挂号费。点此改约最近的空号。"
        ),
        f"/appointments/bookings/{event.booking_id}/instead",
        reason=stop_reason(session, event.booking_id),
    )


def tell_wait_stopped(session: Session, event: WaitStopped) -> None:
    """A message that there is nothing to wait for any more."""
    wait = find_stopped_wait(session, event.wait_id)
    if wait is None:
        return
    values = {
        "when": f"{wait.date:%Y-%m-%d}",
        "institution": wait.institution_name,
        "department": wait.department_name,
        "department_en": wait.department_name_en or "",
        "reason": wait.stop_reason,
    }
    sentence = N_(
        "停诊通知：您候补的 %(when)s %(institution)s %(department)s 停诊（%(reason)s），"
        "候补已结束。可以看看这个科室的其他时间。"
    )
    notify(
        session,
        event.person_id,
        sentence,
        values,
        f"/appointments/departments/{wait.department_id}",
    )


def _tell(session: Session, booking_id: UUID, sentence: str, link: str = "", **more: str) -> None:
    booking = find_booking(session, booking_id)
    if booking is None:
        return
    values: Mapping[str, str] = {
        "when": f"{clock.local(booking.starts_at):%Y-%m-%d %H:%M}",
        "institution": booking.institution_name,
        "department": booking.department_name,
        "department_en": booking.department_name_en or "",
        "number": str(booking.number),
        **more,
    }
    link = link or f"/appointments/bookings/{booking_id}"
    notify(session, booking.person_id, sentence, values, link)
