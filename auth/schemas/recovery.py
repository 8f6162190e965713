"""Giving an account another phone at an institution."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auth.recovery import State
from auth.schemas.accounts import ChallengeSent, Code, Phone
from auth.schemas.administration import UnitCode
from core.searching import SearchQuery


class RecoveryAction(StrEnum):
    """What staff may do about a lost phone."""

    LIST = "auth:list-recoveries"
    BEGIN = "auth:begin-recovery"
    CONFIRM = "auth:confirm-recovery"
    WITHDRAW = "auth:withdraw-recovery"
    REVIEW = "auth:review-recovery"


class Papers(BaseModel):
    """What stands on the identity card that lies on the counter, or on another paper by which the
    person was registered.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=60)]
    id_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=40)]


class BeginRecovery(Papers):
    """Papers, the phone that is to take over, and the institution they were shown at."""

    unit: UnitCode
    phone: Phone


class PapersSeen(ChallengeSent):
    """The papers are right, and a code is on its way to the new phone."""

    account_id: UUID


class ProveNewPhone(BaseModel):
    """The code that the person at the counter reads out from the new phone."""

    model_config = ConfigDict(extra="forbid")

    account_id: UUID
    unit: UnitCode
    challenge_id: UUID
    code: Code


class Objection(BaseModel):
    """The code that the old contact got."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=10, max_length=100)]


class FactorResetView(BaseModel):
    """A reset of somebody's second factors that is under way; ``may_confirm`` where the reader may
    be the second.
    """

    begun_by: str
    confirmed_by: str | None
    created_at: datetime
    effective_at: datetime | None
    may_confirm: bool


class RecoverySearch(SearchQuery):
    """Recoveries at one's institutions; ``closed`` shows those that ended."""

    closed: bool = False


class RecoveryView(BaseModel):
    """A recovery as staff see it, numbers masked; ``may_confirm`` where the reader may be the
    second, ``may_review`` where they may weigh the old contact's objection.
    """

    id: UUID
    name: str
    unit_name: str
    masked_phone: str
    state: State
    begun_by: str
    confirmed_by: str | None
    reviewed_by: str | None
    created_at: datetime
    effective_at: datetime | None
    ended_at: datetime | None
    may_confirm: bool
    may_review: bool
