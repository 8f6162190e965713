"""Giving a registered person another phone at an institution."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auth.schemas import Phone
from core.searching import SearchQuery
from residents.schemas.bindings import Code
from residents.schemas.representation import PersonName


class PhoneAction(StrEnum):
    """What staff may do about registered phones."""

    READ = "residents:read-phone-change"
    RECORD = "residents:record-phone"


class PhonePaper(StrEnum):
    """What staff saw beside the person."""

    ID_CARD = "id_card"
    SOCIAL_CARD = "social_card"
    HOUSEHOLD_BOOK = "household_book"
    OTHER_PAPER = "other_paper"


class PhoneState(StrEnum):
    """``asked``: the code is on its way; ``waiting``: the old phone may object."""

    ASKED = "asked"
    WAITING = "waiting"
    DONE = "done"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class AskPhone(BaseModel):
    """The person stands here with a document: the name and a whole number on it (ID number or that
    of a registered paper), and the phone in their hand.
    """

    model_config = ConfigDict(extra="forbid")

    institution_id: UUID
    paper: PhonePaper
    name: PersonName
    number: Annotated[
        str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=4, max_length=40)
    ]
    phone: Phone


class ReadOut(BaseModel):
    """The code that the person reads out from the new phone."""

    model_config = ConfigDict(extra="forbid")

    code: Code


class PhoneObjection(BaseModel):
    """The secret that came to the old phone."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=10, max_length=100)]


class PhoneSearch(SearchQuery):
    """Changes at one's institutions, the newest first."""


class PhoneChangeView(BaseModel):
    """A change as staff see it, the phones masked. ``effective_at`` is when it takes effect, where
    an old phone may object until then.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    name: str
    institution_name: str | None
    paper: PhonePaper
    masked_new_phone: str
    masked_old_phone: str | None
    state: PhoneState
    recorded_by_name: str
    created_at: datetime
    effective_at: datetime | None
    settled_at: datetime | None


class PhoneTold(BaseModel):
    """Where to warn of a change, and the path by which to stop it."""

    old_phone: str
    path: str
