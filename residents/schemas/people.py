"""Who somebody is, and the real-name check."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.paging import PageQuery
from core.searching import SearchText
from residents.schemas.identifiers import IdentifierKind


class Action(StrEnum):
    """What may be asked of a person's data."""

    VERIFY = "residents:verify"
    READ_PERSON = "residents:read-person"


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

    # None of whoever has no ID number (yet); then ``paper`` is what they are known by.
    masked_id_number: str | None
    paper: str | None = None
    paper_kind: IdentifierKind | None = None
    masked_phone: str | None
    # The 17 digits of the health record in groups: county, township, village, serial.
    record_number: str | None = None


class PersonSearch(PageQuery):
    """Find people by name, or by the last four characters of the ID number."""

    search: SearchText = None
