"""What people may do, and who may do a thing: actions by name and policies by id."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from auth.schemas.accounts import AccountSummary, Grant
from core.access import Role
from core.paging import PageQuery


class PermissionSearch(BaseModel):
    """Find actions by their words."""

    search: Annotated[str | None, Field(max_length=60)] = None


class HolderSearch(PageQuery):
    """Find holders of a permission by name, sign-in name or unit."""

    search: Annotated[str | None, Field(max_length=60, pattern=r"^[^\x00]*$")] = None


class Rule(BaseModel):
    """A policy, by its id, and the actions that it permits."""

    model_config = ConfigDict(frozen=True)

    policy: str
    actions: list[str]


class HeldRole(Grant):
    """A role on a unit and what it lets its holder do there; nothing before its time."""

    rules: list[Rule]


class PersonPermissions(BaseModel):
    """What a person may do and why: by each role, and as themself."""

    account: AccountSummary
    roles: list[HeldRole]
    own: list[Rule]


class Permission(BaseModel):
    """Something that may be done, by which policies and roles; without a role, by oneself only."""

    model_config = ConfigDict(frozen=True)

    action: str
    policies: list[str]
    roles: list[Role]


class Holder(Grant):
    """One who may do it, by a role on a unit; ``policies`` are the ids of those that say so."""

    account_id: UUID
    display_name: str
    username: str | None
    policies: list[str]


class DutyFigures(BaseModel):
    """How many people hold each duty."""

    administrator: int = 0
    security: int = 0
    auditor: int = 0


class EndingGrant(Grant):
    """A role that ends soon, and whose it is."""

    account_id: UUID
    display_name: str
