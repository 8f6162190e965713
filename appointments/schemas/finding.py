"""Looking for a place to be seen: by symptom, department, doctor or hospital, near and soon."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from core.searching import SearchText
from directory.schemas import DivisionCode, FoundDoctor


class Order(StrEnum):
    """What comes first."""

    EARLIEST = "earliest"
    NEAREST = "nearest"


class Finding(BaseModel):
    """What is looked for, and seen from where (a division's code)."""

    q: SearchText = None
    near: DivisionCode | None = None
    order: Order = Order.EARLIEST


class Offer(BaseModel):
    """A department with what is free in the coming days; ``distance_km`` is measured between the
    centres of divisions, None where no place was given or known.
    """

    department_id: UUID
    department_name: str
    department_name_en: str | None
    specialty_code: str
    institution_id: UUID
    institution_name: str
    level: str
    example: bool
    free: int
    earliest: datetime | None
    distance_km: float | None


class Found(BaseModel):
    """What was found. ``words`` are the symptoms that were understood; ``urgent`` ones do not wait
    for an appointment.
    """

    words: list[str]
    urgent: bool
    offers: list[Offer]
    doctors: list[FoundDoctor]
