"""Places that go back: those who wait for them are served, and who lost one is told."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from appointments.events import HoldExpired, PlaceReturned
from appointments.schemas import Pool
from appointments.services import places
from appointments.services.conduct import note_lapsed
from core import clock
from core.events import publish


def give_back_expired(session: Session, slot_id: UUID) -> bool:
    """End the holds of a slot whose time is up; those who wait are offered the places. Whether
    there were any.
    """
    ended = places.end_expired(session, slot_id)
    for row in ended:
        publish(session, HoldExpired(booking_id=row.id, person_id=row.person_id))
    note_lapsed(session, ended)
    offer_returned(session, ended)
    return bool(ended)


def offer_returned(session: Session, ended: Sequence[Row[Any]]) -> None:
    """Say that places came back for those who wait for their sessions."""
    for session_id in {row.session_id for row in ended if row.pool == Pool.WAITLIST}:
        publish(session, PlaceReturned(session_id=session_id))


def release_reserved(session: Session, slot_id: UUID) -> None:
    """Reserved places of a slot whose time is up become the public's."""
    values = {"slot_id": slot_id, "now": clock.now()}
    session.execute(places.RELEASE_RESERVED, values)
