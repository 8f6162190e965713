"""What follows from this room's own facts: the patient is told."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.events import BookingCancelled, SlotBooked
from appointments.queries.bookings import find_booking
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


def _tell(session: Session, booking_id: UUID, sentence: str) -> None:
    booking = find_booking(session, booking_id)
    if booking is None:
        return
    values: Mapping[str, str] = {
        "when": f"{clock.local(booking.starts_at):%Y-%m-%d %H:%M}",
        "institution": booking.institution_name,
        "department": booking.department_name,
        "department_en": booking.department_name_en or "",
        "number": str(booking.number),
    }
    link = f"/appointments/bookings/{booking_id}"
    notify(session, booking.person_id, sentence, values, link)
