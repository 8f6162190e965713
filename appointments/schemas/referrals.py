"""Referrals: from primary care up to a hospital's department, and down again."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, computed_field

from appointments.referral_states import WITH_DEADLINE, ReferralState, ReferralStep
from appointments.schemas.bookings import Aged, BookingView, View
from core.searching import SearchQuery

Note: TypeAlias = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
Short: TypeAlias = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Codes: TypeAlias = Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=40)]
# The fields are called as the type is elsewhere in this room.
Day: TypeAlias = date


class ReferralAction(StrEnum):
    """What may be asked of a referral."""

    SEND_UP = "appointments:refer-up"
    SEND_DOWN = "appointments:refer-down"
    READ_LISTS = "appointments:read-referrals"
    READ = "appointments:read-referral"
    READ_CLINICAL = "appointments:read-referral-clinical"
    DECIDE = "appointments:decide-referral"
    FOLLOW = "appointments:follow-referral"
    REFUSE = "appointments:refuse-referral"


class Direction(StrEnum):
    """Up to a hospital, or down to primary care."""

    UP = "up"
    DOWN = "down"


class Urgency(StrEnum):
    """How soon the patient must be seen; an emergency may come without a place."""

    ROUTINE = "routine"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class SendUp(BaseModel):
    """Refer a resident to a department. With ``slot_id`` that place is held, or nothing is sent;
    without one the earliest reserved place, if there is any.
    """

    model_config = ConfigDict(extra="forbid")

    person_id: UUID
    department_id: UUID
    urgency: Urgency
    reason: Short
    summary: Note
    criteria: Codes = Field(default_factory=list)
    slot_id: UUID | None = None


class SendDown(BaseModel):
    """Hand a patient on to their team, or without one to an institution of their township."""

    model_config = ConfigDict(extra="forbid")

    person_id: UUID
    from_institution_id: UUID
    institution_id: UUID | None = None
    reason: Short
    plan: Note
    medicines: Note
    watch: Note
    next_check: Day
    criteria: Codes = Field(default_factory=list)


class TakeStep(BaseModel):
    """A step on a referral that stands at ``version``.

    ``note`` is the question, the answer, the reason or the feedback; ``slot_id`` the place chosen
    or proposed, ``department_id`` the department proposed instead, or on the way down
    ``institution_id`` the institution.
    """

    model_config = ConfigDict(extra="forbid")

    version: int
    note: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")] = ""
    slot_id: UUID | None = None
    department_id: UUID | None = None
    institution_id: UUID | None = None


class Folder(StrEnum):
    """Which side of the referrals staff look at."""

    RECEIVED = "received"
    SENT = "sent"


class ReferralFilter(StrEnum):
    """Which of them: new ones, those due soon, asked, or decided."""

    NEW = "new"
    DUE = "due"
    ASKED = "asked"
    DECIDED = "decided"


class ReferralQuery(SearchQuery):
    """Referrals that the actor's units received or sent."""

    folder: Folder = Folder.RECEIVED
    part: ReferralFilter | None = None


class ReferralRow(Aged):
    """A line of a list: no clinical text."""

    id: UUID
    direction: Direction
    state: ReferralState
    urgency: Urgency
    person_id: UUID
    person_name: str
    sex: str
    from_name: str
    to_name: str
    department_name: str | None
    department_name_en: str | None
    sent_at: datetime
    answer_by: datetime
    visit_at: datetime | None
    example: bool

    @computed_field  # type: ignore[prop-decorator]
    @property
    def undecided(self) -> bool:
        """Whether somebody has to do something before ``answer_by``: an answer is awaited, a
        proposal stands, or a visit that fell away is to be replaced.
        """
        return self.state in WITH_DEADLINE


class StepView(View):
    """What was done, when, by whom; the note only for those who treat the patient."""

    step: ReferralStep | None
    state: ReferralState
    at: datetime
    actor_name: str
    note: str | None = None


class Proposal(View):
    """Where the receiving side would rather see the patient; on the way down no department."""

    institution_id: UUID
    institution_name: str
    department_id: UUID | None
    department_name: str | None
    department_name_en: str | None
    slot_id: UUID | None
    starts_at: datetime | None


class ReferralView(ReferralRow):
    """A referral with its course. Clinical text is None for those who may not read it;
    ``allowed`` is what the actor may do next.
    """

    version: int
    from_team_id: UUID | None
    from_institution_id: UUID
    to_team_id: UUID | None
    to_institution_id: UUID
    to_department_id: UUID | None
    booking: BookingView | None
    proposal: Proposal | None
    reason: str | None
    summary: str | None
    medicines: str | None
    watch: str | None
    next_check: Day | None
    criteria: list[str] | None
    steps: list[StepView]
    allowed: list[ReferralStep]


class PlaceOffer(View):
    """A place that can be held for a referred patient; ``reserved`` ones first."""

    slot_id: UUID
    department_id: UUID
    starts_at: datetime
    ends_at: datetime
    clinic_name: str
    doctor_title: str
    reserved: int
    public: int


class PlaceOffers(BaseModel):
    """The coming places of a department."""

    items: list[PlaceOffer]


class CriterionView(BaseModel):
    """A line of the checklist."""

    code: str
    direction: Direction
    topic: str
    topic_en: str
    text: str
    text_en: str
    urgent: bool


class Checklist(BaseModel):
    """The region's criteria, and within how many hours a referral is answered, by its urgency."""

    answer_hours: float
    hours_by_urgency: dict[Urgency, float]
    items: list[CriterionView]
