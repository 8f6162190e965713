"""Rows about what is offered when: public holidays, and clinics that are not a doctor's."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from regions.facts.base import Count, Fact


class PublicHoliday(Fact):
    """``holidays.csv``: a day on which the region's clinics are closed; ``estimate`` is not yet
    checked against the decree of its year.
    """

    day: date
    name: str
    name_en: str
    estimate: bool
    provenance: str


class DepartmentClinic(Fact):
    """``clinics.csv``: a weekly clinic of a department under a name of its own.

    ``weekdays`` are ISO digits (135: Monday, Wednesday, Friday), ``half_days`` one or both words.
    """

    institution_code: str
    department: str
    name: str
    kind: Literal["general", "health_check", "admission", "vaccination", "online"]
    weekdays: Annotated[str, Field(pattern=r"^[1-7]{1,7}$")]
    half_days: Literal["morning", "afternoon", "morning afternoon"]
    places: Annotated[int, Field(ge=1, le=200)]
    fee_fen: Count
    room: str
    example: bool
    provenance: str
