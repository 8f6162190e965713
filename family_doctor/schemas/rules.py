"""The rules of contracts: one row for the region, and one for an institution that has its own."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from core.messages import N_
from family_doctor.schemas.base import Command, View

Days = Annotated[int, Field(ge=1, le=90)]
Years = Annotated[int, Field(ge=1, le=5)]


class RuleAction(StrEnum):
    """What may be asked of the rules."""

    READ = "family_doctor:read-rules"
    CHANGE = "family_doctor:change-rules"


class Reach(StrEnum):
    """How far from its own a team may propose to transfer residents."""

    INSTITUTION = "institution"
    REGION = "region"


class RuleValues(BaseModel):
    """What a rule says; the defaults hold where a region brought none.

    Capacity and term: 国卫基层发〔2018〕35号 and 〔2022〕10号 (news copies; to verify). The days of
    answering, confirming and expiring are a design proposal, those of the cooling-off and of
    disputes this portal's own: estimates, to be verified by each region. Who decides a dispute is
    reminded ``dispute_remind_days`` before the end; once it passed, those of each level above have
    ``dispute_escalate_days``. What was bought beside a contract that ran out waits
    ``bought_wait_days`` for the next team, and its resident is told ``bought_remind_days`` before
    that it is given back (own, to verify). ``silent_days`` without
    contact make a resident silent: own too, the time between two follow-ups of a chronic patient. A
    service is recorded within ``service_record_days`` of it (own, to verify).
    The days of a transfer to another team, for it to answer and then for the residents to decide,
    are own estimates; that it may go to another institution follows 〔2018〕35号, which allows
    signing across areas.
    """

    capacity_per_doctor: Annotated[int, Field(ge=1, le=5000)] = 2000
    term_years: Years = 1
    term_years_max: Years = 3
    answer_days: Days = 7
    confirm_days: Days = 3
    expiring_days: Days = 30
    cooling_off_days: Annotated[int, Field(ge=0, le=30)] = 7
    dispute_answer_days: Days = 5
    dispute_decide_days: Days = 15
    dispute_remind_days: Days = 3
    dispute_escalate_days: Days = 7
    bought_wait_days: Annotated[int, Field(ge=1, le=365)] = 90
    bought_remind_days: Days = 14
    silent_days: Annotated[int, Field(ge=7, le=730)] = 90
    service_record_days: Annotated[int, Field(ge=0, le=30)] = 3
    transfer_answer_days: Days = 7
    transfer_consent_days: Days = 14
    transfer_reach: Reach = Reach.REGION

    @field_validator("term_years_max")
    @classmethod
    def _longest(cls, years: int, info: ValidationInfo) -> int:
        if years < info.data.get("term_years", years):
            raise ValueError(N_("最长期限不能比通常期限短。"))
        return years


class RuleView(View, RuleValues):
    """A rule; without an institution it is the region's. ``estimate`` marks values that nobody has
    checked against a local document. Without an id it is the default of a region that has none.
    """

    id: UUID | None = None
    institution_id: UUID | None = None
    institution_name: str = ""
    estimate: bool = True
    version: int = 0


class RuleList(BaseModel):
    """The rules that the asker may see, the region's first."""

    items: list[RuleView]


class ChangeRule(Command, RuleValues):
    """A rule as it shall be; ``version`` is that which was looked at."""

    estimate: bool = False
    version: int


class AddRule(Command):
    """Give an institution rules of its own, to begin with those that hold for it now; without one
    the region, where it brought none.
    """

    institution_id: UUID | None = None
