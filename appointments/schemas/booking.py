"""Booking by residents' pages, by family doctors and at the desk; reminders."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from appointments.schemas.bookings import Aged, Clinic, HalfDay, Pool
from residents.schemas import Sex


class DeskAction(StrEnum):
    """What the desk may ask for beyond the day's list."""

    FIND_PATIENT = "appointments:find-patient"


class ReminderKind(StrEnum):
    """How long before the visit a reminder is sent."""

    DAY_BEFORE = "day_before"
    TWO_HOURS = "two_hours"


class BookTogether(BaseModel):
    """A place in one slot for each of these people, public places first; a place kept for
    residents with a family doctor only for those who have one.
    """

    model_config = ConfigDict(extra="forbid")

    slot_id: UUID
    person_ids: list[UUID] = Field(min_length=1, max_length=7)


class FindPatient(BaseModel):
    """A patient at the desk, by the whole name and the last four of the ID number."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]
    tail: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9A-Za-z]{4}$")]


class DeskPatient(Aged):
    """As little of a person as tells two of one name apart."""

    id: UUID
    name: str
    sex: Sex
    village_name: str | None


class DeskSlot(Clinic):
    """A slot with the places that only the desk gives out."""

    id: UUID
    session_id: UUID
    half_day: HalfDay
    date: date
    starts_at: datetime
    ends_at: datetime
    onsite: int
    elderly: int

    def left(self, pool: Pool) -> int:
        """Free places of the desk's pool."""
        return self.onsite if pool is Pool.ONSITE else self.elderly
