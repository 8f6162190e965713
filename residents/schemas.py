"""Views and commands of the residents room."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core import clock
from core.paging import PageQuery
from directory.schemas import SearchText


class Action(StrEnum):
    """What may be asked of a person's data."""

    VERIFY = "residents:verify"
    READ_PERSON = "residents:read-person"


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


class Sex(StrEnum):
    """As in the resident ID number."""

    MALE = "male"
    FEMALE = "female"


class VerifyIdentity(BaseModel):
    """The real-name check: the name and ID number of the holder of this account's phone."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]
    id_number: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=18, max_length=18)
    ]
    division_code: Annotated[str | None, Field(pattern=r"^[0-9]{9}$")] = None


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


def age_on(born: date, day: date) -> int:
    """Whole years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class PersonView(BaseModel):
    """A person as those who serve them see them: no ID number, no whole phone."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    name: str
    sex: Sex
    birth_date: date
    division_code: str
    village_name: str
    groups: tuple[str, ...]
    example: bool


class OwnIdentity(PersonView):
    """What a person sees of themself, the numbers masked."""

    masked_id_number: str
    masked_phone: str | None


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


class PersonSearch(PageQuery):
    """Find people by name, or by the last four characters of the ID number."""

    search: SearchText = None
