"""Signing in, and what an account looks like from outside."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core import clock
from core.access import Role
from core.as_typed import AS_TYPED

# 11 digits; the demo's reserved range begins with 12, which no operator issues.
Phone = Annotated[str, StringConstraints(pattern=r"^1[0-9]{10}$")]
TICK = timedelta(microseconds=1)
Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Password = Annotated[str, Field(min_length=1, max_length=256), AS_TYPED]


class RequestCode(BaseModel):
    """Ask for a sign-in code by SMS."""

    model_config = ConfigDict(extra="forbid")

    phone: Phone


class ChallengeSent(BaseModel):
    """A code is on its way; the answer is the same whether or not an account exists."""

    challenge_id: UUID
    expires_at: datetime


class ConfirmCode(BaseModel):
    """The code that arrived."""

    model_config = ConfigDict(extra="forbid")

    challenge_id: UUID
    code: Code


class PasswordSignIn(BaseModel):
    """Staff sign in by name and password."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Password


class SwitchRole(BaseModel):
    """Show another of the roles one holds."""

    role: Role


class SignedIn(BaseModel):
    """A new session: the token goes into the cookie (pages) or is a bearer token (API)."""

    account_id: UUID
    token: str
    expires_at: datetime


class Grant(BaseModel):
    """A role on a unit, from when until when (None: for good), and who gave it (None: the
    console, or the rules).
    """

    role: Role
    unit: str
    unit_name: str
    starts_at: datetime
    ends_at: datetime | None
    granted_by: str | None

    @property
    def upcoming(self) -> bool:
        """Whether it is yet to count."""
        return self.starts_at > clock.now()

    @property
    def last_day(self) -> date | None:
        """The last calendar day on which it counts; None: for good."""
        return clock.local(self.ends_at - TICK).date() if self.ends_at else None


class Me(BaseModel):
    """The signed-in account."""

    account_id: UUID
    name: str
    person_id: UUID | None
    verified: bool
    roles: list[Grant]


class AccountSummary(BaseModel):
    """An account as an administrator sees it; never a password or a whole phone."""

    id: UUID
    username: str | None
    display_name: str
    disabled: bool
    # Whose it is was seen on an identity card: it may hold a duty.
    identified: bool
    grants: list[Grant]
    version: int
    created_at: datetime
