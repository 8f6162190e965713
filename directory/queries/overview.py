"""What administrators see first, and the history of what they administer."""

from collections.abc import Collection
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    bindparam,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from auth.public import ACCOUNT_SUBJECT, Account, account_figures, accounts_within
from core.access import Actor, require
from core.errors import NotFound
from core.history import ChangeView, about, changes, list_changes, read_changes
from core.models import ChangeRecord
from core.paging import Listing, Page, PageQuery
from directory.models import Department, Institution, Staff, Team
from directory.queries.administration import has_duty, responsible
from directory.queries.units import institution_within
from directory.resources import (
    department_resource,
    institution_resource,
    staff_resource,
    team_resource,
)
from directory.schemas import Action, Duty, Kind, Overview

RECENT = 8
# Statements of so many scopes are kept; to build one costs more than to send it.
REMEMBERED = 256
PARTS: dict[Kind, Any] = {
    Kind.DEPARTMENT: Department,
    Kind.STAFF: Staff,
    Kind.TEAM: Team,
}


def overview(session: Session, actor: Actor) -> Overview:
    """Counts, what needs attention, and the latest changes within the actor's units."""
    scope = responsible(session, actor)
    counts = session.execute(_counts(scope)).one()
    accounts = account_figures(session, scope)
    recent = read_changes(session, PageQuery(limit=RECENT), _recent(scope))
    return Overview(
        **counts._mapping,
        accounts=accounts.accounts,
        idle_accounts=accounts.idle,
        changes=recent.items,
        names=_names(session, {change.subject_id for change in recent.items}),
    )


def changed_within(scope: Collection[str]) -> ColumnElement[bool]:
    """The condition that a history entry is about something within ``scope``."""
    institutions = select(Institution.id).where(institution_within(scope))
    kinds = [_about_any(Kind.INSTITUTION, institutions)]
    for kind, table in PARTS.items():
        kinds.append(
            _about_any(kind, select(table.id).where(table.institution_id.in_(institutions)))
        )
    return or_(*kinds, _about_any(ACCOUNT_SUBJECT, accounts_within(scope)))


def history_of(
    session: Session, actor: Actor, kind: Kind, subject_id: UUID, page: PageQuery
) -> Page[ChangeView]:
    """What was changed at one thing, newest first. Raises NotFound or Denied."""
    require(session, actor, Action.READ_HISTORY, _resource(session, kind, subject_id))
    return list_changes(session, page, about(kind, subject_id))


@lru_cache(REMEMBERED)
def _recent(scope: frozenset[str]) -> Listing:
    return changes(changed_within(scope))


@lru_cache(REMEMBERED)
def _counts(scope: frozenset[str]) -> Any:
    mine = (
        select(Institution.id, Institution.bookable)
        .where(institution_within(scope), Institution.disabled_at.is_(None))
        .cte("mine")
    )

    def count(table: Any, *more: ColumnElement[bool]) -> Any:
        return (
            select(func.count())
            .select_from(table)
            .join(mine, mine.c.id == table.institution_id)
            .where(table.disabled_at.is_(None), *more)
            .scalar_subquery()
        )

    furnished = select(Department.institution_id).where(Department.disabled_at.is_(None))
    bare = select(func.count()).where(mine.c.bookable, mine.c.id.not_in(furnished))
    return select(
        select(func.count()).select_from(mine).scalar_subquery().label("institutions"),
        count(Department).label("departments"),
        count(Staff).label("staff"),
        count(Team).label("teams"),
        count(Team, ~has_duty(Duty.NURSE)).label("teams_without_nurse"),
        bare.scalar_subquery().label("hospitals_without_department"),
    )


def _names(session: Session, ids: set[UUID]) -> dict[UUID, str]:
    """What the things of these ids are called, whatever they are."""
    if not ids:
        return {}
    return {row.id: row.name for row in session.execute(_named(), {"ids": ids})}


@cache
def _named() -> CompoundSelect[Any]:
    ids: BindParameter[Any] = bindparam("ids", expanding=True)
    tables: list[Any] = [Institution, *PARTS.values()]
    named = [select(table.id, table.name).where(table.id.in_(ids)) for table in tables]
    named.append(select(Account.id, Account.display_name).where(Account.id.in_(ids)))
    return union_all(*named)


def _about_any(kind: str, ids: Any) -> ColumnElement[bool]:
    return (ChangeRecord.subject_type == kind) & ChangeRecord.subject_id.in_(ids)


def _resource(session: Session, kind: Kind, subject_id: UUID) -> Any:
    if kind is Kind.INSTITUTION:
        return institution_resource(load(session, Institution, subject_id))
    row = load(session, PARTS[kind], subject_id)
    institution = load(session, Institution, row.institution_id)
    parts: dict[Kind, Any] = {
        Kind.DEPARTMENT: department_resource,
        Kind.STAFF: staff_resource,
        Kind.TEAM: team_resource,
    }
    return parts[kind](row, institution)


def load(session: Session, table: Any, row_id: UUID) -> Any:
    """The row. Raises NotFound."""
    row = session.get(table, row_id)
    if row is None:
        raise NotFound()
    return row
