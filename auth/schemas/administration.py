"""Administering accounts and the roles they hold."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auth.schemas.accounts import AccountSummary
from core.messages import N_
from core.paging import PageQuery
from core.roles import DUTIES, Role
from core.searching import SearchText

# What is given by hand: the first by administrators, the duties by security administrators. Leader
# and member follow from a team's roster.
SERVICE_ROLES = (Role.REGISTRAR, Role.ANALYST)
GIVEN_ROLES = (*SERVICE_ROLES, *DUTIES)
HIGHEST_VERSION = 32_767
LAST_DAY = date(2999, 12, 31)

Username = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z0-9][a-z0-9._-]{2,63}$")
]
DisplayName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$"
    ),
]
UnitCode = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{6,36}$")]
Day = Annotated[date, Field(le=LAST_DAY)]
AtVersion = Annotated[int, Field(ge=1, le=HIGHEST_VERSION)]


class Action(StrEnum):
    """What may be asked of accounts."""

    LIST_ACCOUNTS = "auth:list-accounts"
    READ_ACCOUNT = "auth:read-account"
    CREATE_ACCOUNT = "auth:create-account"
    CHANGE_ACCOUNT = "auth:change-account"
    DISABLE_ACCOUNT = "auth:disable-account"
    RESET_PASSWORD = "auth:reset-password"  # noqa: S105 - the name of an action
    GRANT_ROLE = "auth:grant-role"
    END_ROLE = "auth:end-role"
    GRANT_BY_ROSTER = "auth:grant-by-roster"
    READ_PERMISSIONS = "auth:read-permissions"
    END_SESSIONS = "auth:end-sessions"
    RESET_FACTORS = "auth:reset-factors"


class AccountState(StrEnum):
    """Which accounts a list shows."""

    ACTIVE = "active"
    DISABLED = "disabled"
    ALL = "all"


class AccountSearch(PageQuery):
    """Find accounts by name or sign-in name, role and state; ``idle`` are those without a role."""

    search: SearchText = None
    role: Role | None = None
    state: AccountState = AccountState.ACTIVE
    idle: bool = False


class EndRole(BaseModel):
    """Take back a role on a unit: a division code or an institution id."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    unit: UnitCode


class GrantRole(EndRole):
    """Let an account hold a role on a unit, from the first day (None: now) to the end of the last
    (None: for good).
    """

    starts_on: Day | None = None
    ends_on: Day | None = None


class CreateAccount(GrantRole):
    """A new staff account with its first role."""

    username: Username
    display_name: DisplayName


class UnitSearch(BaseModel):
    """Narrow the units that a role could be given on, by name."""

    unit_name: SearchText = None


class ChangeAccount(BaseModel):
    """New values for the given fields, made on ``version``."""

    model_config = ConfigDict(extra="forbid")

    version: AtVersion
    username: Username | None = None
    display_name: DisplayName | None = None


class AccountVersion(BaseModel):
    """The state of the account that a request was made on."""

    model_config = ConfigDict(extra="forbid")

    version: AtVersion


class NewAccount(AccountSummary):
    """An account with its initial password, which is shown once: None when a retry is answered."""

    initial_password: str | None


class AccountFigures(BaseModel):
    """How many active accounts there are, and how many of them hold no role."""

    accounts: int
    idle: int


# How the history names what changed.
HISTORY_LABELS = {
    "username": N_("登录名"),
    "display_name": N_("姓名"),
    "disabled": N_("停用"),
    "human": N_("身份核对"),
    "factor_reset": N_("重置第二步验证"),
    "factor_reset_confirmed": N_("同意重置第二步验证"),
    "initial_password": N_("初始密码"),
    "sessions_ended": N_("退出所有登录"),
    "role_registrar": N_("挂号员角色"),
    "role_administrator": N_("管理员角色"),
    "role_analyst": N_("统计分析员角色"),
    "role_security": N_("安全管理员角色"),
    "role_auditor": N_("审计员角色"),
    "role_leader": N_("团队长角色"),
    "role_member": N_("团队成员角色"),
}
