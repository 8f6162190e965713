"""Population groups and health labels: what holds of a person, who says so, and since when."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

GroupCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]


class LabelAction(StrEnum):
    """What may be asked of a person's labels."""

    READ = "residents:read-labels"
    SET = "residents:set-label"


class LabelSource(StrEnum):
    """Who says so: the birth date, a record of care, or staff who know."""

    AGE = "age"
    RECORDS = "records"
    STAFF = "staff"


class SetLabel(BaseModel):
    """Set a label; ``note`` is the evidence, such as who found it and when."""

    model_config = ConfigDict(extra="forbid")

    group_code: GroupCode
    source: LabelSource
    since: date
    note: Note


class EndLabel(BaseModel):
    """End a label, and why."""

    model_config = ConfigDict(extra="forbid")

    note: Note


class LabelView(BaseModel):
    """A label that holds, or with ``ended_on`` one that held."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    group_code: str
    name: str
    name_en: str
    source: str
    since: date
    note: str | None
    set_by_name: str | None
    by_rule: bool
    ended_on: date | None = None
    ended_source: str | None = None
    ended_note: str | None = None
    ended_by_name: str | None = None


class LabelBook(BaseModel):
    """A person's labels: those that hold by code, then those that held, the last first."""

    person_id: UUID
    current: list[LabelView]
    former: list[LabelView]


class GroupChoice(BaseModel):
    """A label that staff may set."""

    code: str
    name: str
    name_en: str
