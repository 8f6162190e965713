"""Who may do what, and why: the grants of people read together with the policies."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from auth.models import Account, RoleGrant
from auth.organisation import organisation
from auth.queries.accounts import (
    OVERSEERS,
    account_resource,
    load_account,
    read_summary,
    responsibility,
    service_of,
)
from auth.queries.grants import GRANTER, as_grant, in_force
from auth.schemas import Action
from auth.schemas.permissions import (
    DutyFigures,
    EndingGrant,
    HeldRole,
    Holder,
    HolderSearch,
    Permission,
    PersonPermissions,
    Rule,
)
from core import clock
from core.access import Actor, Role, book, require
from core.errors import NotFound
from core.paging import Page, read_page
from core.policies import DIVISIONS, HOLDERS, Policy
from core.roles import DUTIES
from core.searching import any_contains

SOON = timedelta(days=30)
MOST_ENDING = 8
DIVISION_CODES = "^[0-9]+$"


def permissions_of(session: Session, actor: Actor, account_id: UUID) -> PersonPermissions:
    """What an account may do and why. Raises NotFound or Denied."""
    account = load_account(session, account_id)
    resource = account_resource(account, service_of(session, account_id))
    require(session, actor, Action.READ_PERMISSIONS, resource)
    summary = read_summary(session, account)
    permitting = [policy for policy in book().policies if policy.permits]
    roles = [
        HeldRole(
            **dict(grant),
            rules=[_rule(each) for each in permitting if each.counts(grant.role, grant.unit)],
        )
        for grant in summary.grants
    ]
    own = [_rule(policy) for policy in permitting if not policy.roles]
    return PersonPermissions(account=summary, roles=roles, own=own)


def permissions(session: Session, actor: Actor) -> list[Permission]:
    """Everything that can be permitted, by room. Raises Denied."""
    _scope(session, actor)
    actions = {name for policy in book().policies if policy.permits for name in policy.actions}
    return [_permission(action) for action in sorted(actions)]


def holders(
    session: Session, actor: Actor, action: str, search: HolderSearch
) -> tuple[Permission, Page[Holder], int]:
    """Who within the actor's units may do this by a role, and how many more by a role on a unit
    above these. Raises NotFound or Denied.
    """
    scope = _scope(session, actor)
    policies = book().permitting(action)
    if not policies:
        raise NotFound()
    order: list[Any] = [Account.display_name, RoleGrant.id]
    found = (
        select(RoleGrant, Account.username, GRANTER.display_name, *order)
        .join(Account, Account.id == RoleGrant.account_id)
        .outerjoin(GRANTER, GRANTER.id == RoleGrant.granted_by)
        .where(
            _holding(policies),
            organisation().units_within(RoleGrant.unit, scope),
            _named(search.search),
        )
    )
    rows, following = read_page(session, found, order, search)
    items = [_holder(row, policies) for row in rows]
    above = _count_above(session, policies, scope)
    return _permission(action), Page(items=items, next_cursor=following), above


def duty_figures(session: Session, scope: Collection[str]) -> DutyFigures:
    """How many people hold each duty within ``scope``. The caller has asked the policy."""
    query = (
        select(RoleGrant.role, func.count(RoleGrant.account_id.distinct()).label("people"))
        .where(RoleGrant.role.in_(DUTIES), _serving(scope))
        .group_by(RoleGrant.role)
    )
    return DutyFigures(**{row.role: row.people for row in session.execute(query)})


def ending_soon(session: Session, scope: Collection[str]) -> list[EndingGrant]:
    """The roles within ``scope`` that end in the days to come. The caller has asked the policy."""
    query = (
        select(RoleGrant, Account.display_name, GRANTER.display_name)
        .join(Account, Account.id == RoleGrant.account_id)
        .outerjoin(GRANTER, GRANTER.id == RoleGrant.granted_by)
        .where(_serving(scope), RoleGrant.ends_at <= clock.now() + SOON)
        .order_by(RoleGrant.ends_at, RoleGrant.id)
        .limit(MOST_ENDING)
    )
    return [
        EndingGrant(
            **dict(as_grant(grant, granted_by)), account_id=grant.account_id, display_name=name
        )
        for grant, name, granted_by in session.execute(query)
    ]


def _scope(session: Session, actor: Actor) -> frozenset[str]:
    scope = actor.units(*OVERSEERS)
    require(session, actor, Action.READ_PERMISSIONS, responsibility(scope))
    return scope


def _serving(scope: Collection[str]) -> ColumnElement[bool]:
    return and_(in_force(), organisation().units_within(RoleGrant.unit, scope))


def _holding(policies: Collection[Policy]) -> ColumnElement[bool]:
    """The condition that a grant counts for one of these policies: as ``Policy.counts``."""
    compared = [pair for policy in policies for pair in policy.roles.items()]
    anywhere = {role for role, with_what in compared if with_what not in (DIVISIONS, HOLDERS)}
    on_divisions = {role for role, with_what in compared if with_what == DIVISIONS}
    on_holders = {role for role, with_what in compared if with_what == HOLDERS}
    return and_(
        in_force(),
        Account.disabled_at.is_(None),
        or_(
            RoleGrant.role.in_(anywhere),
            and_(RoleGrant.role.in_(on_divisions), RoleGrant.unit.regexp_match(DIVISION_CODES)),
            and_(RoleGrant.role.in_(on_holders), ~RoleGrant.unit.regexp_match(DIVISION_CODES)),
        ),
    )


def _count_above(session: Session, policies: Collection[Policy], scope: Collection[str]) -> int:
    units = organisation().units_by_code(session, scope).values()
    above = {code for unit in units for code in unit.path} - set(scope)
    query = (
        select(func.count(RoleGrant.account_id.distinct()))
        .join(Account, Account.id == RoleGrant.account_id)
        .where(_holding(policies), RoleGrant.unit.in_(above))
    )
    return session.scalar(query) or 0


def _named(text: str | None) -> ColumnElement[bool]:
    if not text:
        return ~false()
    return any_contains(text, Account.display_name, Account.username, RoleGrant.unit_name)


def _permission(action: str) -> Permission:
    policies = book().permitting(action)
    counting = {role for policy in policies for role in policy.roles}
    return Permission(
        action=action,
        policies=[policy.id for policy in policies],
        roles=[role for role in Role if role in counting],
    )


def _rule(policy: Policy) -> Rule:
    return Rule(policy=policy.id, actions=sorted(policy.actions))


def _holder(row: Any, policies: Collection[Policy]) -> Holder:
    grant, username, granted_by, display_name = row[:4]
    role = Role(grant.role)
    return Holder(
        **dict(as_grant(grant, granted_by)),
        account_id=grant.account_id,
        display_name=display_name,
        username=username,
        policies=[policy.id for policy in policies if policy.counts(role, grant.unit)],
    )
