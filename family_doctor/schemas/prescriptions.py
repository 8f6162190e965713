"""Long-term medicines, the region's rule for renewing them, and requests to renew one."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo
from pydantic import field_validator as check

from core import clock
from core.messages import N_
from core.searching import SearchQuery
from family_doctor.schemas.base import Command, Reason, View

MedicineName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=80)]
Dose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=120)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
# Of a supply; 12 weeks are the most that the region's rule can allow.
SupplyDays = Annotated[int, Field(ge=1, le=84)]
RuleDays = Annotated[int, Field(ge=1, le=365)]
DECISION = N_("请填写这一项。")
T = TypeVar("T")


class PrescriptionAction(StrEnum):
    """What may be asked of a person's long-term medicines."""

    READ = "family_doctor:read-medicines"
    KEEP = "family_doctor:keep-medicines"
    ASK = "family_doctor:ask-refill"
    DECIDE = "family_doctor:decide-refill"


class DrugClass(BaseModel):
    """A class of medicines: whether it may be renewed, and at which follow-ups (service codes) the
    disease that it is for is seen. ``example`` marks one that was made up.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    name: str
    name_en: str
    allowed: bool
    follow_ups: tuple[str, ...] = ()
    example: bool = False
    provenance: str

    @check("follow_ups")
    @classmethod
    def _seen_somewhere(cls, codes: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("allowed") and not codes:
            raise ValueError("an allowed class names the follow-ups that say whether it is stable")
        return codes


class PrescriptionRules(BaseModel):
    """A region's rule of renewing, as its pack gives it. Days: the usual and the longest supply,
    how old the follow-up may be, how long before the end of the supply one may ask, how long the
    team and then its leader have to answer. ``in_control`` are the results of follow-ups that count
    as stable.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    document: str
    estimate: bool
    provenance: str
    usual_days: SupplyDays
    most_days: SupplyDays
    follow_up_days: RuleDays
    early_days: Annotated[int, Field(ge=0, le=30)]
    answer_days: RuleDays
    escalated_days: RuleDays
    in_control: tuple[str, ...]
    classes: tuple[DrugClass, ...]

    def drug(self, code: str) -> DrugClass | None:
        """A class by its code."""
        return next((each for each in self.classes if each.code == code), None)


class Hurdle(StrEnum):
    """Why a medicine cannot be asked for now."""

    NO_CONTRACT = "no_contract"
    NO_RULE = "no_rule"
    DRUG_CLASS = "drug_class"
    EMERGENCY = "emergency"
    NO_FOLLOW_UP = "no_follow_up"
    OLD_FOLLOW_UP = "old_follow_up"
    NOT_IN_CONTROL = "not_in_control"
    TOO_EARLY = "too_early"
    WAITING = "waiting"


class RefillState(StrEnum):
    """``waiting`` for a doctor of the team, ``escalated`` to its leader as nobody answered in time;
    the others are its end: answered in four ways, ``expired`` unanswered, or taken back.
    """

    WAITING = "waiting"
    ESCALATED = "escalated"
    RENEWED = "renewed"
    CHANGED = "changed"
    REFUSED = "refused"
    VISIT = "visit"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


UNANSWERED = frozenset({RefillState.WAITING, RefillState.ESCALATED})
GIVEN = frozenset({RefillState.RENEWED, RefillState.CHANGED})
ANSWERED = GIVEN | {RefillState.REFUSED, RefillState.VISIT}


class Decision(StrEnum):
    """What a doctor may answer."""

    RENEW = "renewed"
    CHANGE = "changed"
    REFUSE = "refused"
    VISIT = "visit"


class EnterMedicine(Command):
    """A doctor enters a medicine that a person takes for long. ``supply_days``: how long one supply
    lasts; ``runs_out_on``: the last day that the present one does, if that is known.
    """

    person_id: UUID
    class_code: Annotated[str, Field(max_length=40)]
    name: MedicineName
    dose: Dose
    supply_days: SupplyDays
    since: date
    runs_out_on: date | None = None

    @check("since")
    @classmethod
    def _begun(cls, since: date) -> date:
        if since > clock.today():
            raise ValueError(N_("开始用药的日期不能晚于今天。"))
        return since


class AskRefill(Command):
    """Ask for a medicine to be renewed, with what the doctor should know."""

    note: Note | None = None


class DecideRefill(Command):
    """The doctor's answer. A renewal says for how many days, a change also the new dose; a refusal
    why. ``assessment`` is what was considered for a supply beyond the usual one.
    """

    decision: Decision
    days: SupplyDays | None = Field(default=None, validate_default=True)
    dose: Dose | None = Field(default=None, validate_default=True)
    assessment: Reason | None = None
    reason: Reason | None = Field(default=None, validate_default=True)

    @check("days")
    @classmethod
    def _days(cls, days: int | None, info: ValidationInfo) -> int | None:
        return _needed(days, info, Decision.RENEW, Decision.CHANGE)

    @check("dose")
    @classmethod
    def _dose(cls, dose: str | None, info: ValidationInfo) -> str | None:
        return _needed(dose, info, Decision.CHANGE)

    @check("reason")
    @classmethod
    def _reason(cls, reason: str | None, info: ValidationInfo) -> str | None:
        return _needed(reason, info, Decision.REFUSE)


def _needed(value: T | None, info: ValidationInfo, *decisions: Decision) -> T | None:
    """A value that these decisions must have, and that others drop."""
    asked = info.data.get("decision") in decisions
    if asked and value is None:
        raise ValueError(DECISION)
    return value if asked or info.field_name == "reason" else None


class MedicineView(View):
    """A long-term medicine, and what stands in the way of asking for it now; ``askable_on`` is the
    first day on which the supply lets one ask.
    """

    id: UUID
    person_id: UUID
    class_code: str
    class_name: str = ""
    class_name_en: str = ""
    name: str
    dose: str
    supply_days: int
    since: date
    runs_out_on: date | None
    entered_by: str
    entered_at: datetime
    ended_at: datetime | None
    open_refill_id: UUID | None = None
    hurdles: tuple[Hurdle, ...] = ()
    askable_on: date | None = None


class MedicineList(BaseModel):
    """A person's long-term medicines, those in use first, and the institution whose team serves
    them.
    """

    items: list[MedicineView]
    institution_id: UUID | None = None


class RefillView(View):
    """A request to renew a medicine, with the medicine as it was then. ``dose`` is what was taken
    then, ``new_dose`` what a change made of it; ``confirm`` says that a supply beyond the usual one
    waits for the resident's confirmation.
    """

    id: UUID
    medicine_id: UUID
    person_id: UUID
    person_name: str = ""
    team_id: UUID
    team_name: str = ""
    institution_id: UUID
    class_code: str
    name: str
    dose: str
    note: str | None
    state: RefillState
    asked_at: datetime
    asked_by: str
    for_another: bool
    answer_by: datetime
    decided_at: datetime | None
    decided_by: str | None
    days: int | None
    new_dose: str | None
    assessment: str | None
    reason: str | None
    usual_days: int
    confirmed_at: datetime | None

    @property
    def confirm(self) -> bool:
        """Whether it waits for the resident's confirmation."""
        return self.confirmed_at is None and (self.days or 0) > self.usual_days

    @property
    def until(self) -> date | None:
        """The day until which the given supply lasts, from the day of the answer."""
        if self.days is None or self.decided_at is None:
            return None
        return date.fromordinal(clock.local(self.decided_at).date().toordinal() + self.days)


class WaitingRefill(View):
    """A request that waits for the team, as the day of the team names it."""

    id: UUID
    name: str
    answer_by: datetime
    state: RefillState


class MedicineSearch(BaseModel):
    """Whose medicines; without it one's own."""

    model_config = ConfigDict(frozen=True)

    person_id: UUID | None = None


class RefillSearch(SearchQuery):
    """Requests to renew: of a person, without it one's own; with ``team_id`` those of a team, which
    wait or with ``closed`` are answered.
    """

    person_id: UUID | None = None
    team_id: UUID | None = None
    closed: bool = False
