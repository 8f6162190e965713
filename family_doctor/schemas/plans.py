"""Plans that a team makes itself, and why something is not done."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from core.messages import N_
from family_doctor.schemas.base import Command, Reason, View
from family_doctor.schemas.norms import EventKind
from family_doctor.schemas.obligations import ExcuseReason

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=40)]
MOST_STEPS = 20


class PlanAction(StrEnum):
    """What may be asked of obligations and plans."""

    READ_NORMS = "family_doctor:read-norms"
    SERVE = "family_doctor:serve"
    MANAGE_PLANS = "family_doctor:manage-plans"
    READ_SERVED = "family_doctor:read-served"
    READ_FOLLOW_UP = "family_doctor:read-follow-up"


class PlanTerm(StrEnum):
    """What a plan is for."""

    LONG = "long"
    SHORT = "short"
    AFTER_DISCHARGE = "after_discharge"


class PlanStep(Command):
    """A step: a service of the catalogue or words of the team's own, so many days after the start;
    open for ``window_days`` before.
    """

    item_code: Annotated[str | None, Field(pattern=r"^[A-Z][0-9]{2}$")] = None
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=60)] = ""
    offset_days: Annotated[int, Field(ge=0, le=1095)]
    window_days: Annotated[int, Field(ge=0, le=90)] = 3

    @model_validator(mode="after")
    def _be_something(self) -> Self:
        if bool(self.item_code) == bool(self.words):
            raise ValueError(N_("每一步请选一项服务，或写明要做什么，二者取一。"))
        return self


class MakeTemplate(Command):
    """A team's new template."""

    team_id: UUID
    name: Name
    term: PlanTerm
    steps: Annotated[tuple[PlanStep, ...], Field(min_length=1, max_length=MOST_STEPS)]


class TemplateView(View):
    """A template of a team."""

    id: UUID
    team_id: UUID
    name: str
    term: PlanTerm
    steps: tuple[PlanStep, ...]
    created_by: str


class TemplateList(View):
    """A team's templates."""

    items: tuple[TemplateView, ...]


class GivePlan(Command):
    """Give a template to a resident from a day on."""

    template_id: UUID
    starts_on: date


class EndPlan(Command):
    """End a plan before all its steps are done."""

    note: Annotated[str | None, Field(max_length=200)] = None


class PlanView(View):
    """A plan of a resident."""

    id: UUID
    contract_id: UUID
    name: str
    term: PlanTerm
    starts_on: date
    created_by: str
    ended: bool


SaidByTeam = Literal[
    ExcuseReason.REFUSED, ExcuseReason.IN_HOSPITAL, ExcuseReason.AWAY, ExcuseReason.OTHER
]


class ExcuseObligation(Command):
    """Say why an obligation is not kept, and until when; the resident reads it."""

    reason: SaidByTeam
    until: date | None = None
    note: Annotated[str | None, Field(max_length=200)] = None


class RecordEvent(Command):
    """Something that starts a norm happened, or is expected, on a day."""

    kind: EventKind
    happens_on: date


class EventView(View):
    """Such an event."""

    id: UUID
    kind: EventKind
    happens_on: date
    recorded_by: str


class Reclassify(Command):
    """The doctor's own class of a follow-up, and why it is not the computed one."""

    result: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    reason: Reason


class ChooseReminders(Command):
    """Whether reminders also come by SMS."""

    sms: bool = False
