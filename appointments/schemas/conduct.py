"""What is unusual in booking, what follows, and who decides about it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from appointments.schemas.bookings import View
from core.messages import N_
from core.searching import SearchQuery

# The longest that an account's booking may rest, in days.
LONGEST_REST = 365
Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=500)]
Count = Annotated[int, Field(ge=2, le=10_000)]


class ConductAction(StrEnum):
    """What may be asked of reviews of conduct, and of the rules that lead to them."""

    READ_CASE = "appointments:read-conduct"
    DECIDE_CASE = "appointments:decide-conduct"
    ANSWER_CASE = "appointments:answer-conduct"
    READ_RULES = "appointments:read-conduct-rules"
    CHANGE_RULES = "appointments:change-conduct-rules"


class ConductCode(StrEnum):
    """What is counted within a rule's window: different patients of one account, cancellations
    of one account, attempts to book of one account, different accounts on one device.
    """

    PATIENTS = "patients_per_account"
    CANCELS = "book_cancel"
    SPEED = "too_fast"
    DEVICE = "accounts_per_device"


class CaseState(StrEnum):
    """``open`` and ``upheld`` rest the account's booking, the latter until a day."""

    OPEN = "open"
    CLEARED = "cleared"
    UPHELD = "upheld"


class Reason(BaseModel):
    """Why: which rule, the count that reached it, and the count it allows. No names."""

    model_config = ConfigDict(frozen=True)

    code: ConductCode
    count: int
    limit: int


class CaseView(View):
    """A review; ``account_name`` is shown to staff, ``answer`` is what its owner said."""

    id: UUID
    account_id: UUID
    account_name: str
    institution_id: UUID
    institution_name: str
    state: CaseState
    reasons: list[Reason]
    created_at: datetime
    answer: str | None
    answered_at: datetime | None
    decision: str
    decided_at: datetime | None
    rests_until: datetime | None


class OwnStanding(BaseModel):
    """What an account's owner sees: the reviews, newest first."""

    items: list[CaseView]


class CaseSearch(SearchQuery):
    """Open reviews, or with ``closed`` those that were decided."""

    closed: bool = False


class AnswerCase(BaseModel):
    """What the owner says to it, once."""

    model_config = ConfigDict(extra="forbid")

    answer: Sentence


class DecideCase(BaseModel):
    """Clear it, or uphold it for ``rest_days``; either way with a sentence for the owner."""

    model_config = ConfigDict(extra="forbid")

    cleared: bool
    decision: Sentence
    rest_days: int = Field(default=30, ge=1, le=LONGEST_REST)


class ConductRuleView(View):
    """A rule: counts within ``window_seconds`` from which booking is slowed to one attempt each
    ``pause_seconds``, asks for a proof, is reviewed.
    """

    code: ConductCode
    window_seconds: int
    slow_at: int
    confirm_at: int
    review_at: int
    pause_seconds: int
    enabled: bool
    version: int


class ConductRuleList(BaseModel):
    """All rules."""

    items: list[ConductRuleView]


class ChangeConductRule(BaseModel):
    """A rule as it shall be; ``version`` is that which was looked at."""

    model_config = ConfigDict(extra="forbid")

    window_seconds: int = Field(ge=1, le=366 * 86_400)
    slow_at: Count
    confirm_at: Count
    review_at: Count
    pause_seconds: int = Field(ge=1, le=3600)
    enabled: bool = False
    version: int

    @field_validator("confirm_at", "review_at")
    @classmethod
    def _rise(cls, count: int, info: ValidationInfo) -> int:
        before = {"confirm_at": "slow_at", "review_at": "confirm_at"}[info.field_name or ""]
        if count < info.data.get(before, count):
            raise ValueError(N_("三个次数要从小到大：先放慢，再确认，再核查。"))
        return count
