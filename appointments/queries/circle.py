"""Who is told of a booking beside the patient, and in which words."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.queries.bookings import BOOKING
from appointments.schemas import BookingView, Source
from auth.public import person_and_phone
from core import clock
from residents.public import Person, representatives_of


class Circle(NamedTuple):
    """Who booked, as a person, and who beside the patient follows the booking."""

    booker_id: UUID | None
    booker_name: str
    others: tuple[UUID, ...]


def circle_of_booking(session: Session, booking: BookingView) -> Circle:
    """A member of the family who booked follows it; what a family doctor booked, all who may act
    for the patient: any of them may refuse it.
    """
    account_id = session.scalar(select(BOOKING.c.account_id).where(BOOKING.c.id == booking.id))
    booker = person_and_phone(session, account_id)[0] if account_id else None
    name = session.scalar(select(Person.name).where(Person.id == booker)) if booker else None
    others: set[UUID] = set()
    if booking.source is Source.FAMILY and booker:
        others = {booker}
    elif booking.source is Source.FAMILY_DOCTOR:
        others = set(representatives_of(session, booking.person_id))
    return Circle(booker, name or "", tuple(sorted(others - {booking.person_id})))


def words_of(booking: BookingView) -> dict[str, str]:
    """What messages say of a booking."""
    return {
        "when": f"{clock.local(booking.starts_at):%Y-%m-%d %H:%M}",
        "institution": booking.institution_name,
        "department": booking.department_name,
        "department_en": booking.department_name_en or "",
        "place": booking.place,
        "number": str(booking.number),
        "name": booking.person_name,
    }
