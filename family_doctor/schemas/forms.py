"""Forms of follow-up as data: fields with unit, range, choices, in two languages."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from family_doctor.schemas.norms import Code, Document

# What a number has: impossible, unusual, unusual, impossible.
BOUNDS = 4


class FieldKind(StrEnum):
    """How a field is asked: ``lines`` is a list of short texts, one a line."""

    NUMBER = "number"
    CHOICE = "choice"
    CHOICES = "choices"
    FLAG = "flag"
    TEXT = "text"
    LINES = "lines"
    DATE = "date"


class Option(Document):
    """One that may be chosen."""

    code: Code
    label: str
    label_en: str


class FormField(Document):
    """A field. Outside ``min``…``max`` a number is impossible and refused; outside ``low``…``high``
    it is unusual and asked about.
    """

    name: Code
    kind: FieldKind
    label: str
    label_en: str
    required: bool
    unit: str = ""
    min: float | None = None
    max: float | None = None
    low: float | None = None
    high: float | None = None
    step: Annotated[float, Field(gt=0)] = 1
    choices: tuple[Option, ...] = ()

    @model_validator(mode="after")
    def _be_whole(self) -> Self:
        bounds = [b for b in (self.min, self.low, self.high, self.max) if b is not None]
        if self.kind is FieldKind.NUMBER and (len(bounds) < BOUNDS or bounds != sorted(bounds)):
            raise ValueError(f"{self.name}: min <= low <= high <= max are wanted")
        if (self.kind in (FieldKind.CHOICE, FieldKind.CHOICES)) != bool(self.choices):
            raise ValueError(f"{self.name}: choices are wanted exactly where one chooses")
        return self


class FieldGroup(Document):
    """Fields under one heading."""

    code: Code
    label: str
    label_en: str
    fields: tuple[FormField, ...]


class FormDefinition(Document):
    """A form in one version; what was recorded with it is read with it."""

    code: Code
    version: Annotated[int, Field(ge=1)]
    label: str
    label_en: str
    estimate: bool
    provenance: str
    groups: tuple[FieldGroup, ...]

    @property
    def fields(self) -> Iterator[FormField]:
        """All fields in order."""
        return (field for group in self.groups for field in group.fields)


class FormSet(BaseModel):
    """``followup_forms.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    forms: tuple[FormDefinition, ...]
