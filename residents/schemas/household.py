"""Acting for a child as an adult of its household, without a document; and the end of that."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class HouseholdAction(StrEnum):
    """What may be asked of acting for a child by household."""

    READ = "residents:read-household-acting"
    END = "residents:end-household-acting"


class BarPaper(StrEnum):
    """The document on which staff end it."""

    COURT = "court"
    DIVORCE = "divorce"
    GUARDIANSHIP = "guardianship"
    HOUSEHOLD_BOOK = "household_book"
    OTHER = "other"


class BarSide(StrEnum):
    """Who ended it: a parent who objected, the adult themself, or staff by a document."""

    PARENT = "parent"
    SELF = "self"
    STAFF = "staff"


class EndHouseholdActing(BaseModel):
    """An adult no longer acts for a child by living with it. Staff say why and by which document;
    a parent's objection needs none.
    """

    model_config = ConfigDict(extra="forbid")

    reason: Reason | None = None
    paper: BarPaper | None = None
    paper_number: Annotated[
        str | None, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)
    ] = None


class ActingAdult(BaseModel):
    """Who acts for a child. ``by_document``: staff saw that they are parent or guardian, and the
    right ends as that does; otherwise it comes from living with the child.
    """

    id: UUID
    name: str
    own: bool
    by_document: bool
    may_end: bool


class HouseholdActing(BaseModel):
    """Who acts for a child, and where the right comes from."""

    person_id: UUID
    name: str
    adults: list[ActingAdult]


class BarTold(BaseModel):
    """An end of acting by household, for telling both and the child's others."""

    child_id: UUID
    child_name: str
    adult_id: UUID
    adult_name: str
    side: BarSide
    others: list[UUID]


class HomeTold(BaseModel):
    """A change of home, for telling. ``joined`` are the adults of the new home and ``left`` those
    of the old one who did not move along; ``child_kin`` act by documents for children of the new
    home and live elsewhere; ``with_children``: children live there, for whom adults may act.
    """

    person_id: UUID
    name: str
    village: str
    grown: bool
    joined: list[UUID]
    left: list[UUID]
    child_kin: list[UUID]
    with_children: bool
