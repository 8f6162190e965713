"""Places that go back by themselves."""

from uuid import UUID

from sqlalchemy.orm import Session

from appointments.events import HoldExpired
from appointments.services import places
from appointments.services.booking import offer_returned
from core import clock
from core.events import publish


def give_back_expired(session: Session, slot_id: UUID) -> None:
    """End the holds of a slot whose time is up; those who wait are offered the places."""
    ended = places.end_expired(session, slot_id)
    for row in ended:
        publish(session, HoldExpired(booking_id=row.id, person_id=row.person_id))
    offer_returned(session, ended)


def release_reserved(session: Session, slot_id: UUID) -> None:
    """Reserved places of a slot whose time is up become the public's."""
    values = {"slot_id": slot_id, "now": clock.now()}
    session.execute(places.RELEASE_RESERVED, values)
