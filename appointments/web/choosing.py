"""What the pages have in common that let one choose a day, a slot and a patient."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import TypeAlias, TypeVar
from uuid import UUID

from flask import url_for
from pydantic import BaseModel
from sqlalchemy.orm import Session

from appointments.queries.elsewhere import Way, way_of
from appointments.queries.waits import waits_help
from appointments.schemas import BookingView, DayOffer, DeskSlot, SlotView
from core.access import Role
from core.database import transaction
from core.web.access import current_actor, signed_in
from core.web.languages import gettext
from residents.public import contracted

# A field called date hides the type of that name from its own annotation.
ChosenDay: TypeAlias = date | None
S = TypeVar("S", SlotView, DeskSlot)


class DayChoice(BaseModel):
    """Which day of a department is looked at."""

    date: ChosenDay = None


def first_free(days: list[DayOffer]) -> date:
    """The first day with free places, else today."""
    return next((day.date for day in days if day.free), days[0].date)


def by_session(slots: Iterable[S]) -> list[list[S]]:
    """The slots of each session together; they come in that order."""
    return [list(group) for _, group in groupby(slots, key=lambda slot: slot.session_id)]


def waitable(clinics: Iterable[Sequence[SlotView]]) -> set[UUID]:
    """The sessions among these that one can wait for."""
    return {slots[0].session_id for slots in clinics if waits_help(slots)}


def has_doctor_for(session: Session, slots: Iterable[SlotView]) -> bool:
    """Whether some of the places are kept for residents with a family doctor, and the reader has
    one.
    """
    if not signed_in() or not any(slot.kept for slot in slots):
        return False
    person_id = current_actor().person_id
    return person_id is not None and bool(contracted(session, [person_id]))


def address_of(made: BookingView) -> str:
    """Where who took this place sees it: the patient and their family their success, the desk the
    slip for the patient, a family doctor the booking.
    """
    with transaction() as session:
        way = way_of(session, current_actor(), made.person_id)
    return url_for(
        {
            Way.OWN: "appointments.booked",
            Way.CARE: "appointments.booking",
            Way.DESK: "appointments_desk.slip",
        }[way],
        booking_id=made.id,
    )


def whom(*bookings: BookingView) -> str | None:
    """For whom a resident acts on this page, where it is not for themself only."""
    actor = current_actor()
    if actor.active_role is not Role.RESIDENT:
        return None
    names = [each.person_name for each in bookings if each.person_id != actor.person_id]
    return gettext("、").join(dict.fromkeys(names)) or None
