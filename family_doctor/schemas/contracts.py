"""Commands on contracts, and how they look."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from core.messages import N_
from core.paging import PageQuery
from core.searching import SearchText
from family_doctor.schemas.base import Command, Digest, Reason, View
from family_doctor.schemas.rules import Years
from family_doctor.schemas.signing import Signed
from family_doctor.schemas.terms import ExtraCodes, Kind, PackCode
from family_doctor.states import State


class Action(StrEnum):
    """What may be asked here."""

    APPLY = "family_doctor:apply"
    READ_CONTRACT = "family_doctor:read-contract"
    DECIDE = "family_doctor:decide"
    SIGN = "family_doctor:sign"
    CANCEL = "family_doctor:cancel"
    TERMINATE = "family_doctor:terminate"
    RENEW = "family_doctor:renew"
    CHANGE = "family_doctor:change"
    READ_PANEL = "family_doctor:read-panel"


def _given(consent: bool) -> bool:
    if not consent:
        raise ValueError(N_("请先勾选「已阅读并同意」，再确认签约。"))
    return consent


class Channel(StrEnum):
    """The way a contract came about: the portal itself, or one of the five ways of signing."""

    PORTAL = "portal"
    CARD = "card"
    INVITATION = "invitation"
    AGENT = "agent"
    WECHAT_SHARE = "wechat_share"
    ON_SITE = "on_site"


class EndReason(StrEnum):
    """Why a contract ended, or never came into force."""

    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    NOT_ANSWERED = "not_answered"
    NOT_SIGNED = "not_signed"
    EXPIRED = "expired"
    RENEWED = "renewed"
    COOLING_OFF = "cooling_off"
    LOST_CONTACT = "lost_contact"
    MOVED = "moved"
    DECEASED = "deceased"
    OWN_WISH = "own_wish"
    CHANGED_TEAM = "changed_team"
    CHANGED_PACK = "changed_pack"
    OTHER = "other"


# Why a contract in force may be terminated (the stop reasons of the national process).
TerminationReason = Literal[
    EndReason.LOST_CONTACT,
    EndReason.MOVED,
    EndReason.DECEASED,
    EndReason.OWN_WISH,
    EndReason.CHANGED_TEAM,
    EndReason.OTHER,
]


class ApplyForContract(Command):
    """Ask a team to become one's family doctor, or that of ``person_id`` for whom one may act, for
    the usual term and with the region's basic pack if no others are named. ``extra_codes`` are
    personalised packs of the resident's groups, ordered when the contract comes into force.

    ``introduction`` is the word of the link by which one came.
    """

    team_id: UUID
    person_id: UUID | None = None
    introduction: Annotated[str | None, Field(max_length=60)] = None
    years: Years | None = None
    pack_code: PackCode | None = None
    extra_codes: ExtraCodes = Field(default_factory=list)


class RejectContract(Command):
    """Turn an application down; the resident reads the reason."""

    reason: Reason


class ConfirmContract(Signed):
    """Sign the agreement whose text has this SHA-256 digest (64 hex digits)."""

    agreement_sha256: Digest
    agreed: Annotated[bool, AfterValidator(_given)] = Field(default=False, validate_default=True)


class TerminateContract(Command):
    """End a contract before its term."""

    reason: TerminationReason
    note: Annotated[str | None, Field(max_length=200)] = None


class ContractView(View):
    """A contract. ``answer_by`` and ``sign_by`` say until when an application waits for the team
    and an agreement for the resident; None when nothing waits. ``previous_id`` is the contract
    that it renews or changes (``kind``), and ``succeeding`` that this one is still in force.
    ``free_until`` is the end of the cooling-off. Prices are a year's; ``refund_fen`` is due back.
    """

    id: UUID
    person_id: UUID
    team_id: UUID
    institution_id: UUID
    division_code: str
    channel: Channel
    state: State
    pack_code: str
    pack_name: str
    pack_name_en: str
    price_fen: int
    public_health_fen: int
    insurance_fen: int
    person_fen: int
    currency: str
    applied_at: datetime
    accepted_at: datetime | None
    signed_at: datetime | None
    starts_on: date | None
    ends_on: date | None
    ended_at: datetime | None
    end_reason: EndReason | None
    end_note: str | None
    agreement_sha256: Digest | None
    version: int
    kind: Kind = Kind.NEW
    previous_id: UUID | None = None
    succeeding: bool = False
    term_years: int = 1
    free_until: datetime | None = None
    refund_fen: int | None = None
    answer_by: datetime | None = None
    sign_by: datetime | None = None
    extra_codes: list[str] = Field(default_factory=list)


class FamilyContract(View):
    """A contract, in force or under way, of somebody for whom one signs."""

    id: UUID
    person_id: UUID
    person_name: str
    team_name: str
    state: State


class FamilyContracts(BaseModel):
    """Those of all for whom one signs, the newest first."""

    items: list[FamilyContract]


class AgreementView(View):
    """The text that the resident is asked to consent to, and its SHA-256 digest."""

    text: str
    sha256: Digest


class TransitionView(View):
    """A line of a contract's history; without an actor's name the calendar did it."""

    at: datetime
    actor_name: str
    from_state: State | None
    to_state: State
    reason: EndReason | None


class ContractSearch(PageQuery):
    """Contracts: one's own, or with ``team_id`` those of a team one works in."""

    team_id: UUID | None = None
    state: State | None = None
    search: SearchText = None
