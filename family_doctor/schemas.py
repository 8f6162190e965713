"""Commands and views of the family_doctor room. Amounts are integer fen, CNY."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from core.messages import N_
from core.paging import PageQuery
from directory.schemas import SearchText
from family_doctor.states import State

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _given(consent: bool) -> bool:
    if not consent:
        raise ValueError(N_("请先勾选「已阅读并同意」，再确认签约。"))
    return consent


class Action(StrEnum):
    """What may be asked here."""

    APPLY = "family_doctor:apply"
    READ_CONTRACT = "family_doctor:read-contract"
    DECIDE = "family_doctor:decide"
    SIGN = "family_doctor:sign"
    CANCEL = "family_doctor:cancel"
    TERMINATE = "family_doctor:terminate"
    READ_PANEL = "family_doctor:read-panel"


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
    LOST_CONTACT = "lost_contact"
    MOVED = "moved"
    DECEASED = "deceased"
    OWN_WISH = "own_wish"
    CHANGED_TEAM = "changed_team"
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


class ObligationState(StrEnum):
    """How a promised service stands on a day: ``open`` means it may be served now."""

    UPCOMING = "upcoming"
    OPEN = "open"
    OVERDUE = "overdue"
    DONE = "done"
    EXCUSED = "excused"


class Due(StrEnum):
    """Which part of the work list: late, due today, or due within the days ahead."""

    OVERDUE = "overdue"
    TODAY = "today"
    SOON = "soon"


class Command(BaseModel):
    """A command; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ApplyForContract(Command):
    """Ask a team to become one's family doctor."""

    team_id: UUID


class RejectContract(Command):
    """Turn an application down; the resident reads the reason."""

    reason: Reason


class ConfirmContract(Command):
    """Consent to the agreement whose text has this SHA-256 digest (64 hex digits)."""

    agreement_sha256: Digest
    agreed: Annotated[bool, AfterValidator(_given)] = Field(default=False, validate_default=True)


class TerminateContract(Command):
    """End a contract before its term."""

    reason: TerminationReason
    note: Annotated[str | None, Field(max_length=200)] = None


class View(BaseModel):
    """A view."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class ContractView(View):
    """A contract. ``answer_by`` and ``sign_by`` say until when an application waits for the team
    and an agreement for the resident; None when nothing waits.
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
    answer_by: datetime | None = None
    sign_by: datetime | None = None


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


class ObligationView(View):
    """A promised service: the ``sequence``-th of ``times`` within the term, due by ``due_on``."""

    id: UUID
    contract_id: UUID
    item_code: str
    item_name: str
    item_name_en: str
    sequence: int
    times: int
    opens_on: date
    due_on: date
    done_at: datetime | None
    state: ObligationState


class Progress(View):
    """What was promised and kept: ``due`` counts what was to be done by today or is done already;
    excused services count nowhere.
    """

    done: int = 0
    due: int = 0
    overdue: int = 0
    total: int = 0


class CapacityView(View):
    """A team's places: taken from acceptance until the contract ends."""

    team_id: UUID
    capacity: int
    taken: int
    remaining: int


class TeamFigures(View):
    """A team's day. ``index`` is the share kept of what fell due this month so far; None without
    anything due. ``oldest_overdue`` is the earliest date that was missed.
    """

    due_today: int
    done_today: int
    overdue: int
    oldest_overdue: date | None
    due_this_month: int
    done_this_month: int
    applications: int
    signed: int
    taken: int

    @property
    def index(self) -> float | None:
        """Kept over due of this month; None where nothing was due."""
        return self.done_this_month / self.due_this_month if self.due_this_month else None


class PanelEntry(View):
    """A resident of a team's list, or an applicant."""

    contract_id: UUID
    person_id: UUID
    name: str
    sex: str
    birth_date: date
    village_name: str
    state: State
    channel: Channel
    applied_at: datetime
    ends_on: date | None


class WorkItem(View):
    """A service to be done, for whom, by when."""

    obligation_id: UUID
    contract_id: UUID
    person_id: UUID
    name: str
    sex: str
    birth_date: date
    village_name: str
    item_code: str
    item_name: str
    item_name_en: str
    sequence: int
    times: int
    due_on: date


class ContractSearch(PageQuery):
    """Contracts: one's own, or with ``team_id`` those of a team one works in."""

    team_id: UUID | None = None
    state: State | None = None
    search: SearchText = None


class PanelSearch(PageQuery):
    """A team's residents by part of the name, last four of the ID number, or village."""

    team_id: UUID | None = None
    search: SearchText = None


class WorkSearch(PageQuery):
    """A team's work, of one population group, or late or soon due only."""

    team_id: UUID | None = None
    group: Annotated[str | None, Field(pattern=r"^[0-9]{2}$")] = None
    due: Due | None = None
