"""Accounts as administrators see them, scoped to the units they are responsible for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from auth.models import Account, RoleGrant
from auth.organisation import Unit, UnitKind, organisation
from auth.queries.grants import not_over, standing_grants
from auth.schemas import (
    AccountFigures,
    AccountSearch,
    AccountState,
    AccountSummary,
    Action,
    Grant,
)
from core.access import NOBODY, Actor, Resource, Role, decide, require
from core.errors import NotFound
from core.history import ChangeView, about, list_changes
from core.models import ChangeRecord
from core.paging import Page, PageQuery, read_page
from core.searching import any_contains

SUBJECT = "account"
RECENT = 8
# Who looks after accounts: those who open them, and those who give the rights over others.
OVERSEERS = (Role.ADMINISTRATOR, Role.SECURITY)
GUARDS = (Role.SECURITY, Role.AUDITOR)
CHANGES = (
    Action.CHANGE_ACCOUNT,
    Action.DISABLE_ACCOUNT,
    Action.RESET_PASSWORD,
    Action.RESET_FACTORS,
)


def accounts_within(scope: Collection[str]) -> Select[UUID]:
    """The ids of accounts that serve within ``scope``: by a role, or by where they work.

    Where an account serves nowhere any more, its former roles tell who is responsible for it.
    """
    tree = organisation()
    holders = select(RoleGrant.account_id).where(tree.units_within(RoleGrant.unit, scope))
    serves_nowhere = ~_holds_a_role() & Account.id.not_in(tree.accounts_of_staff())
    return select(Account.id).where(
        or_(
            Account.id.in_(holders.where(not_over())),
            Account.id.in_(tree.accounts_of_staff(scope)),
            Account.id.in_(holders) & serves_nowhere,
        )
    )


def list_accounts(session: Session, actor: Actor, search: AccountSearch) -> Page[AccountSummary]:
    """Accounts within the actor's units, by name. Raises Denied."""
    scope = responsible(session, actor)
    order: list[Any] = [Account.display_name, Account.id]
    query = select(Account, *order).where(Account.id.in_(accounts_within(scope)), *_wanted(search))
    rows, following = read_page(session, query, order, search)
    grants = standing_grants(session, [row[0].id for row in rows])
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
    account, service = _account_in_service(session, account_id)
    require(session, actor, Action.READ_ACCOUNT, account_resource(account, service))
    return read_summary(session, account)


def open_account_page(
    session: Session, actor: Actor, account_id: UUID
) -> tuple[AccountSummary, frozenset[Action]]:
    """One account, and what the actor may do to it. Raises NotFound or Denied."""
    account, service = _account_in_service(session, account_id)
    whole, parts = account_resource(account, service), account_at_each_place(account, service)
    require(session, actor, Action.READ_ACCOUNT, whole)
    may = {action for action in CHANGES if all(decide(actor, action, part)[0] for part in parts)}
    if decide(actor, Action.END_SESSIONS, whole)[0]:
        may.add(Action.END_SESSIONS)
    return read_summary(session, account), frozenset(may)


def account_history(
    session: Session, actor: Actor, account_id: UUID, page: PageQuery
) -> tuple[AccountSummary, Page[ChangeView]]:
    """An account and what was changed at it, newest first. Raises NotFound or Denied."""
    account = get_account(session, actor, account_id)
    return account, list_changes(session, page, about(SUBJECT, account_id))


def recent_changes(
    session: Session, scope: Collection[str]
) -> tuple[list[ChangeView], dict[UUID, str]]:
    """The latest changes of accounts within ``scope``, and whose they are. The caller has asked
    the policy.
    """
    within = ChangeRecord.subject_id.in_(accounts_within(scope))
    condition = (ChangeRecord.subject_type == SUBJECT) & within
    changes = list_changes(session, PageQuery(limit=RECENT), condition).items
    about_whom = {change.subject_id for change in changes}
    names = select(Account.id, Account.display_name).where(Account.id.in_(about_whom))
    return changes, {row.id: row.display_name for row in session.execute(names)}


def units_to_grant(
    session: Session, actor: Actor, kinds: Collection[UnitKind], text: str | None
) -> Sequence[Unit]:
    """The units within the actor's own on which a role could be given."""
    scope = responsible(session, actor)
    return organisation().search_units(session, scope, kinds, text)


def load_account(session: Session, account_id: UUID) -> Account:
    """The row. Raises NotFound."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound()
    return account


# Of a grant, what says where its holder serves.
HELD = (RoleGrant.role, RoleGrant.unit, not_over())


@dataclass(frozen=True, slots=True)
class Service:
    """At which units an account serves now, else those at which it served; and whether it guards
    others: holds a duty that administrators must not take over.
    """

    places: tuple[Unit, ...] = ()
    guards: bool = False


def service_of(session: Session, account_id: UUID) -> Service:
    """Where an account serves, and whether it guards others."""
    query = select(*HELD).where(RoleGrant.account_id == account_id)
    return _service(session, account_id, session.execute(query).all())


def _account_in_service(session: Session, account_id: UUID) -> tuple[Account, Service]:
    """``load_account`` and ``service_of`` with one statement less. Raises NotFound."""
    query = (
        select(Account, *HELD)
        .outerjoin(RoleGrant, RoleGrant.account_id == Account.id)
        .where(Account.id == account_id)
    )
    rows = session.execute(query).all()
    if not rows:
        raise NotFound()
    grants = [row[1:] for row in rows if row.role is not None]
    return rows[0][0], _service(session, account_id, grants)


def _service(session: Session, account_id: UUID, grants: Collection[Sequence[Any]]) -> Service:
    """Of grants as ``HELD`` reads them."""
    tree = organisation()
    units = {unit for _, unit, _ in grants}
    standing = [(role, unit) for role, unit, stands in grants if stands]
    codes = {unit for _, unit in standing} | set(tree.workplaces(session, account_id))
    places = tree.units_by_code(session, codes or units)
    return Service(tuple(places.values()), any(role in GUARDS for role, _ in standing))


def account_resource(account: Account, service: Service) -> Resource:
    """An account as the policy sees it, at all the places where it serves."""
    units = tuple(dict.fromkeys(code for place in service.places for code in place.path))
    more = {"holder": holder(account.id), "guards": service.guards}
    return Resource("ManagedAccount", str(account.id), account.person_id, units, more)


def account_at_each_place(account: Account, service: Service) -> list[Resource]:
    """An account as the policy sees it, once for each place that it serves at."""
    each = [replace(service, places=(place,)) for place in service.places]
    return [account_resource(account, one) for one in each or [service]]


def responsible(session: Session, actor: Actor) -> frozenset[str]:
    """The units whose accounts the actor looks after. Raises Denied."""
    scope = actor.units(*OVERSEERS)
    require(session, actor, Action.LIST_ACCOUNTS, responsibility(scope))
    return scope


def responsibility(scope: Collection[str]) -> Resource:
    """What somebody looks after, as the owner of lists."""
    return Resource("Responsibility", "own", units=tuple(sorted(scope)))


def holder(account_id: UUID = NOBODY) -> dict[str, object]:
    """A reference to an account for the policy."""
    return {"__entity": {"type": "Account", "id": str(account_id)}}


def read_summary(session: Session, account: Account) -> AccountSummary:
    """The account with its current roles. The caller has asked the policy."""
    return summary(account, standing_grants(session, [account.id]).get(account.id, []))


def summary(account: Account, grants: list[Grant]) -> AccountSummary:
    """A row as administrators see it."""
    return AccountSummary(
        id=account.id,
        username=account.username,
        display_name=account.display_name,
        disabled=account.disabled_at is not None,
        identified=account.human_index is not None,
        grants=grants,
        version=account.version,
        created_at=account.created_at,
    )


def _holds_a_role() -> ColumnElement[bool]:
    standing = select(RoleGrant.id).where(RoleGrant.account_id == Account.id, not_over())
    return standing.correlate(Account).exists()


def _wanted(search: AccountSearch) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if search.search:
        names = (Account.display_name, Account.username)
        wanted.append(any_contains(search.search, *names))
    if search.state is AccountState.ACTIVE:
        wanted.append(Account.disabled_at.is_(None))
    if search.state is AccountState.DISABLED:
        wanted.append(Account.disabled_at.is_not(None))
    if search.role:
        holders = select(RoleGrant.account_id).where(RoleGrant.role == search.role, not_over())
        wanted.append(Account.id.in_(holders))
    if search.idle:
        wanted.append(~_holds_a_role())
    return wanted
