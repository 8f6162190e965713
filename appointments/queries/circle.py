"""Who is told of what concerns a patient, and in which words."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.queries.bookings import BOOKING
from appointments.schemas import BookingView, Source
from auth.public import accounts_of_people, person_and_phone
from core import clock
from residents.public import Person, last_day_as_child, people_by_id, representatives_of


class Circle(NamedTuple):
    """Whether the patient themself is told, and who beside them: those who may book for them. A
    child is told only by an account of their own; the phone on record is often a parent's.
    """

    person_id: UUID
    name: str
    own: bool
    others: tuple[UUID, ...]

    @property
    def everybody(self) -> tuple[UUID, ...]:
        """All who are told."""
        return (self.person_id, *self.others) if self.own else self.others


def circle_of_person(session: Session, person_id: UUID, *more: UUID | None) -> Circle:
    """Who is told of what concerns a person; ``more`` are told too, as they had to do with it."""
    person = people_by_id(session, [person_id])[person_id]
    kin = representatives_of(session, person_id) | {each for each in more if each}
    others = tuple(sorted(kin - {person_id}))
    child = clock.today() <= last_day_as_child(person.birth_date)
    own = not (child and others) or bool(accounts_of_people(session, [person_id]))
    return Circle(person_id, person.name, own, others)


def circle_of_booking(session: Session, booking: BookingView) -> Circle:
    """As ``circle_of_person``, with the member of the family who booked."""
    booker = booker_of(session, booking) if booking.source is Source.FAMILY else None
    return circle_of_person(session, booking.person_id, booker)


def booker_of(session: Session, booking: BookingView) -> UUID | None:
    """Who booked, as a person."""
    account_id = session.scalar(select(BOOKING.c.account_id).where(BOOKING.c.id == booking.id))
    return person_and_phone(session, account_id)[0] if account_id else None


def name_of(session: Session, person_id: UUID | None) -> str:
    """What somebody who acted is called; nothing where nobody did."""
    if person_id is None:
        return ""
    return session.scalar(select(Person.name).where(Person.id == person_id)) or ""


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
