"""Who may act for whom."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from core import clock
from residents.schemas.people import Sex, age_on


class ConsentAction(StrEnum):
    """What may be asked of an adult's consent that another acts for them."""

    GIVE = "residents:give-consent"
    READ = "residents:read-consent"
    END = "residents:end-consent"


class Scope(StrEnum):
    """What a representative may do for a person."""

    BOOK = "book"


class Basis(StrEnum):
    """Why somebody may act for a person: their child, or an adult's consent to a member of the
    household or to somebody named by name and ID number.
    """

    CHILD = "child"
    HOUSEHOLD = "household"
    NAMED = "named"


class Side(StrEnum):
    """Which of the two ended a consent."""

    PERSON = "person"
    REPRESENTATIVE = "representative"


class GiveConsent(BaseModel):
    """Let somebody act for oneself: an adult of one's household, or whoever has this name and ID
    number.
    """

    model_config = ConfigDict(extra="forbid")

    member_id: UUID | None = None
    name: Annotated[
        str | None, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)
    ] = None
    id_number: Annotated[
        str | None, StringConstraints(strip_whitespace=True, min_length=18, max_length=18)
    ] = None


class FamilyMember(BaseModel):
    """Somebody for whom one may act; a child needs no consent."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    name: str
    sex: Sex
    birth_date: date
    basis: Basis
    representation_id: UUID | None
    since: datetime | None

    @property
    def age(self) -> int:
        """Whole years today."""
        return age_on(self.birth_date, clock.today())


class RepresentationView(BaseModel):
    """A consent that one gave, as one wrote it: it looks alike whether or not that person is known
    here.
    """

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    name: str
    scopes: tuple[Scope, ...]
    basis: Basis
    since: datetime
    ended_at: datetime | None


class Family(BaseModel):
    """For whom one may act, and who may act for oneself."""

    represented: list[FamilyMember]
    representatives: list[RepresentationView]


class Consent(BaseModel):
    """A consent with both sides, for those who tell them of it."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    person_id: UUID
    person_name: str
    representative_id: UUID | None
    representative_name: str
