"""Messages to the patient of a booking."""

from uuid import UUID

from sqlalchemy.orm import Session

from appointments.queries.bookings import find_booking
from core import clock
from notifications.public import notify


def tell(
    session: Session, booking_id: UUID, sentence: str, link: str | None = None, **more: str
) -> None:
    """Leave the patient a message about their booking. ``sentence`` is a marked catalogue key whose
    places the booking fills, and ``more``; ``link`` leads to the booking if nowhere else.
    """
    booking = find_booking(session, booking_id)
    if booking is None:
        return
    values = {
        "when": f"{clock.local(booking.starts_at):%Y-%m-%d %H:%M}",
        "institution": booking.institution_name,
        "department": booking.department_name,
        "department_en": booking.department_name_en or "",
        "number": str(booking.number),
        **more,
    }
    link = link or f"/appointments/bookings/{booking_id}"
    notify(session, booking.person_id, sentence, values, link)
