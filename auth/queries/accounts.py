"""Accounts as administrators see them, scoped to the units they are responsible for."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from auth.models import Account, RoleGrant
from auth.organisation import Unit, UnitKind, organisation
from auth.schemas import (
    AccountFigures,
    AccountSearch,
    AccountState,
    AccountSummary,
    Action,
    Grant,
)
from core.access import GRANTED_ROLES, NOBODY, Actor, Resource, Role, require
from core.errors import NotFound
from core.history import ChangeView, about, list_changes
from core.paging import Page, PageQuery, read_page

SUBJECT = "account"


def accounts_within(scope: Collection[str]) -> Select[UUID]:
    """The ids of accounts that serve within ``scope``: by a role, or by where they work.

    Where an account serves nowhere any more, its ended roles tell who is responsible for it.
    """
    tree = organisation()
    current, ended = RoleGrant.ended_at.is_(None), RoleGrant.ended_at.is_not(None)
    within = tree.units_within(RoleGrant.unit, scope)
    holders = select(RoleGrant.account_id)
    return select(Account.id).where(
        or_(
            Account.id.in_(holders.where(current, within)),
            Account.id.in_(tree.accounts_of_staff(scope)),
            Account.id.in_(holders.where(ended, within)) & ~_holds_a_role(),
        )
    )


def list_accounts(session: Session, actor: Actor, search: AccountSearch) -> Page[AccountSummary]:
    """Accounts within the actor's units, by name."""
    scope = actor.units(Role.ADMINISTRATOR)
    require(session, actor, Action.LIST_ACCOUNTS, responsibility(scope))
    order: list[Any] = [Account.display_name, Account.id]
    query = select(Account, *order).where(Account.id.in_(accounts_within(scope)), *_wanted(search))
    rows, following = read_page(session, query, order, search)
    grants = _current_grants(session, [row[0].id for row in rows])
    items = [summary(row[0], grants.get(row[0].id, [])) for row in rows]
    return Page(items=items, next_cursor=following)


def account_figures(session: Session, scope: Collection[str]) -> AccountFigures:
    """How many accounts serve within ``scope``. The caller has asked the policy."""
    accounts, idle = session.execute(_figures(frozenset(scope))).one()
    return AccountFigures(accounts=accounts, idle=idle)


@lru_cache(256)
def _figures(scope: frozenset[str]) -> Select[int, int]:
    query = select(func.count(), func.count().filter(~_holds_a_role())).where(
        Account.id.in_(accounts_within(scope)), Account.disabled_at.is_(None)
    )
    return query.select_from(Account)


def get_account(session: Session, actor: Actor, account_id: UUID) -> AccountSummary:
    """One account. Raises NotFound or Denied."""
    account = load_account(session, account_id)
    resource = account_resource(account, places_of(session, account_id))
    require(session, actor, Action.READ_ACCOUNT, resource)
    return read_summary(session, account)


def account_history(
    session: Session, actor: Actor, account_id: UUID, page: PageQuery
) -> tuple[AccountSummary, Page[ChangeView]]:
    """An account and what was changed at it, newest first. Raises NotFound or Denied."""
    account = get_account(session, actor, account_id)
    return account, list_changes(session, page, about(SUBJECT, account_id))


def units_to_grant(
    session: Session, actor: Actor, kinds: Collection[UnitKind], text: str | None
) -> Sequence[Unit]:
    """The units within the actor's own on which a role could be given."""
    scope = actor.units(Role.ADMINISTRATOR)
    require(session, actor, Action.LIST_ACCOUNTS, responsibility(scope))
    return organisation().search_units(session, scope, kinds, text)


def load_account(session: Session, account_id: UUID) -> Account:
    """The row. Raises NotFound."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    return account


def places_of(session: Session, account_id: UUID) -> list[Unit]:
    """The units at which an account serves now, else those at which it served."""
    tree = organisation()
    query = select(RoleGrant.unit, RoleGrant.ended_at).where(RoleGrant.account_id == account_id)
    grants = session.execute(query).all()
    codes = {row.unit for row in grants if row.ended_at is None}
    codes |= set(tree.workplaces(session, account_id))
    return list(tree.units_by_code(session, codes or {row.unit for row in grants}).values())


def account_resource(account: Account, places: Collection[Unit]) -> Resource:
    """An account as the policy sees it, at all these places."""
    units = tuple(dict.fromkeys(code for place in places for code in place.path))
    return Resource(
        "ManagedAccount", str(account.id), account.person_id, units, {"holder": holder(account.id)}
    )


def responsibility(scope: Collection[str]) -> Resource:
    """What an administrator is responsible for, as the owner of lists."""
    return Resource("Responsibility", "own", units=tuple(sorted(scope)))


def holder(account_id: UUID = NOBODY) -> dict[str, object]:
    """A reference to an account for the policy."""
    return {"__entity": {"type": "Account", "id": str(account_id)}}


def read_summary(session: Session, account: Account) -> AccountSummary:
    """The account with its current roles. The caller has asked the policy."""
    return summary(account, _current_grants(session, [account.id]).get(account.id, []))


def summary(account: Account, grants: list[Grant]) -> AccountSummary:
    """A row as administrators see it."""
    return AccountSummary(
        id=account.id,
        username=account.username,
        display_name=account.display_name,
        disabled=account.disabled_at is not None,
        grants=grants,
        version=account.version,
        created_at=account.created_at,
    )


def _holds_a_role() -> ColumnElement[bool]:
    current = select(RoleGrant.id).where(
        RoleGrant.account_id == Account.id, RoleGrant.ended_at.is_(None)
    )
    return current.correlate(Account).exists()


def _wanted(search: AccountSearch) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if search.search:
        found = (
            column.icontains(search.search, autoescape=True)
            for column in (Account.display_name, Account.username)
        )
        wanted.append(or_(*found))
    if search.state is AccountState.ACTIVE:
        wanted.append(Account.disabled_at.is_(None))
    if search.state is AccountState.DISABLED:
        wanted.append(Account.disabled_at.is_not(None))
    if search.role:
        holders = select(RoleGrant.account_id).where(
            RoleGrant.role == search.role, RoleGrant.ended_at.is_(None)
        )
        wanted.append(Account.id.in_(holders))
    if search.idle:
        wanted.append(~_holds_a_role())
    return wanted


def _current_grants(session: Session, account_ids: list[UUID]) -> dict[UUID, list[Grant]]:
    query = (
        select(RoleGrant)
        .where(RoleGrant.account_id.in_(account_ids), RoleGrant.ended_at.is_(None))
        .order_by(RoleGrant.created_at)
    )
    grants: dict[UUID, list[Grant]] = {}
    for row in session.scalars(query):
        grant = Grant(role=Role(row.role), unit=row.unit, unit_name=row.unit_name)
        grants.setdefault(row.account_id, []).append(grant)
    for held in grants.values():
        held.sort(key=lambda grant: GRANTED_ROLES.index(grant.role))
    return grants
