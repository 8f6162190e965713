"""What the pages have in common that let one choose a day, a slot and a patient."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import TypeAlias, TypeVar

from pydantic import BaseModel

from appointments.schemas import BookingView, DayOffer, DeskSlot, SlotView
from core.access import Role
from core.web.access import current_actor
from core.web.languages import gettext

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


def whom(*bookings: BookingView) -> str | None:
    """For whom a resident acts on this page, where it is not for themself only."""
    actor = current_actor()
    if actor.active_role is not Role.RESIDENT:
        return None
    names = [each.person_name for each in bookings if each.person_id != actor.person_id]
    return gettext("、").join(dict.fromkeys(names)) or None
