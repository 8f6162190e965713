"""Who may act for whom."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from core import clock
from core.messages import N_
from residents.schemas.people import Sex, age_on


class ConsentAction(StrEnum):
    """What may be asked of an adult's consent that another acts for them."""

    GIVE = "residents:give-consent"
    CHANGE = "residents:change-consent"
    READ = "residents:read-consent"
    END = "residents:end-consent"


class CareAction(StrEnum):
    """What those who care for a person may ask of who acts for them."""

    READ_REPRESENTATIVES = "residents:read-representatives"


class Scope(StrEnum):
    """What a representative may do for a person; given one by one."""

    SIGN = "sign"
    BOOK = "book"
    PAY = "pay"
    SEE_RECORDS = "see_records"
    RENEW = "renew"


def in_order(scopes: Iterable[str]) -> tuple[Scope, ...]:
    """Each of the scopes once, in the order in which they are shown."""
    chosen = set(scopes)
    return tuple(scope for scope in Scope if scope in chosen)


def _some(scopes: list[Scope]) -> list[Scope]:
    if not scopes:
        raise ValueError(N_("请至少选择一项可以代办的事。"))
    return list(in_order(scopes))


def _not_over(until: date | None) -> date | None:
    if until is not None and until < clock.today():
        raise ValueError(N_("最后一天不能早于今天。"))
    return until


def _or_all(scopes: list[str] | None) -> tuple[Scope, ...]:
    return tuple(Scope) if scopes is None else in_order(scopes)


Scopes = Annotated[list[Scope], AfterValidator(_some)]
# The last day on which it holds.
Until = Annotated[date | None, AfterValidator(_not_over)]
PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]
IdNumberText = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=18, max_length=18)
]


class Basis(StrEnum):
    """Why somebody may act for a person: their child or ward (by documents that staff saw, or a
    child of their household without any), or an adult's consent, given to a member of the
    household, to somebody named by name and ID number, or by a code or before staff (adult).
    """

    CHILD = "child"
    WARD = "ward"
    HOUSEHOLD = "household"
    NAMED = "named"
    ADULT = "adult"


class Side(StrEnum):
    """Which of the two ended it, or that its term was over."""

    PERSON = "person"
    REPRESENTATIVE = "representative"
    TERM = "term"


class GiveConsent(BaseModel):
    """Let somebody act for oneself: an adult of one's household, or whoever has this name and ID
    number.
    """

    model_config = ConfigDict(extra="forbid")

    member_id: UUID | None = None
    name: PersonName | None = None
    id_number: IdNumberText | None = None
    scopes: Scopes = [Scope.BOOK]
    until: Until = None


class ChangeConsent(BaseModel):
    """What somebody who may act for oneself may do from now on, and until when."""

    model_config = ConfigDict(extra="forbid")

    scopes: Scopes
    until: Until = None


class FamilyMember(BaseModel):
    """Somebody for whom one may act, in all scopes where none are named: a child of the household
    needs no consent.
    """

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    name: str
    sex: Sex
    birth_date: date
    basis: Basis
    representation_id: UUID | None
    since: datetime | None
    until: date | None
    scopes: Annotated[tuple[Scope, ...], BeforeValidator(_or_all)]

    @property
    def age(self) -> int:
        """Whole years today."""
        return age_on(self.birth_date, clock.today())


class ActsFor(BaseModel):
    """Somebody who may act for a person, as those who care for the person see it."""

    model_config = ConfigDict(frozen=True)

    name: str
    basis: Basis
    scopes: tuple[Scope, ...]
    until: date | None


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
    until: date | None
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
    basis: Basis

    @property
    def own(self) -> bool:
        """Whether the person gave it in their own account."""
        return self.basis in (Basis.HOUSEHOLD, Basis.NAMED)
