"""Where somebody lives, with whom, and how that changes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from residents.schemas.representation import IdNumberText


class HomeAction(StrEnum):
    """What may be asked of where somebody lives."""

    READ = "residents:read-home"
    DECLARE = "residents:declare-home"
    CHECK = "residents:check-home"


class Relation(StrEnum):
    """To the household's head (the groups of GB/T 4761). ``self`` is of one who was registered
    alone, and as good as the head's.
    """

    HEAD = "head"
    SELF = "self"
    SPOUSE = "spouse"
    CHILD = "child"
    GRANDCHILD = "grandchild"
    PARENT = "parent"
    GRANDPARENT = "grandparent"
    SIBLING = "sibling"
    OTHER = "other"


class MoveWay(StrEnum):
    """Who says that somebody lives there."""

    DECLARED = "declared"
    CHECKED = "checked"


class MoveHome(BaseModel):
    """Another place to live: a village or community (12 digits) and the house in it. ``whole``
    moves the household with its head; otherwise the person leaves it for one of their own.
    """

    model_config = ConfigDict(extra="forbid")

    village_code: Annotated[str, Field(pattern=r"^[0-9]{12}$")]
    house: Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)] = ""
    whole: bool = False


def _unspaced(typed: object) -> object:
    """The code is shown in two groups of four, and typed as it is shown."""
    return "".join(typed.split()) if isinstance(typed, str) else typed


class JoinHome(BaseModel):
    """The code that the household's head gave, and what one is to the head."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$"), BeforeValidator(_unspaced)]
    relation: Relation


class PlaceInHome(BaseModel):
    """Staff saw the household book: the ID number of another who is in it, and the relation to the
    head that it says.
    """

    model_config = ConfigDict(extra="forbid")

    member_number: IdNumberText
    relation: Relation


class HomeTownship(BaseModel):
    """Whose villages are to choose from; without it those where the person lives."""

    model_config = ConfigDict(extra="forbid")

    township: Annotated[str | None, Field(pattern=r"^[0-9]{9}$")] = None


class HomeMember(BaseModel):
    """One of a household."""

    name: str
    relation: Relation
    age: int
    own: bool


class HomeMoveView(BaseModel):
    """A change, the villages by name (empty where there was none)."""

    from_village: str
    to_village: str
    relation: Relation
    way: MoveWay
    recorded_by_name: str
    moved_at: datetime


class HomeView(BaseModel):
    """Where somebody lives. Without a household the village and house are empty."""

    person_id: UUID
    name: str
    example: bool
    division_code: str
    township: str
    village_name: str
    house: str
    relation: Relation
    heads: bool
    members: list[HomeMember]
    moves: list[HomeMoveView]


class HomeCode(BaseModel):
    """A code into a household, shown to its head once."""

    code: str
    expires_at: datetime
