"""The contracts and services behind a figure, for those who may see the people."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.paging import Page, read_page
from directory.public import teams_by_id
from family_doctor.queries.analysis import periods
from family_doctor.queries.analysis.counts import (
    CONTRACT,
    HOUSEHOLD,
    MEMBERSHIP,
    OBLIGATION,
    PERSON,
    at_home,
    counted,
    in_place,
    of_scope,
)
from family_doctor.queries.analysis.scopes import Scope, read_scope
from family_doctor.queries.assignments import found_by
from family_doctor.schemas import (
    AnalysedPerson,
    AnalysisAction,
    Measure,
    PeopleQuery,
    Period,
    ScopeView,
)

# As many as are taken along in one file.
MOST_EXPORTED = 5000
SERVICES = (Measure.DUE, Measure.KEPT)
SHOWN = (
    CONTRACT.c.id.label("contract_id"),
    PERSON.c.name,
    HOUSEHOLD.c.village_name,
    CONTRACT.c.team_id,
    CONTRACT.c.pack_name,
    CONTRACT.c.pack_name_en,
    CONTRACT.c.channel,
    CONTRACT.c.state,
    CONTRACT.c.starts_on,
    CONTRACT.c.ends_on,
    CONTRACT.c.ended_at,
    CONTRACT.c.end_reason,
)
SERVICE_SHOWN = (OBLIGATION.c.item_name, OBLIGATION.c.item_name_en, OBLIGATION.c.done_at)


def list_analysed(
    session: Session, actor: Actor, query: PeopleQuery
) -> tuple[ScopeView, Period, Page[AnalysedPerson]]:
    """The contracts, or with DUE and KEPT the services, behind a figure, the latest first.

    Raises Denied, NotFound for an unknown place, Invalid ``bad_period`` or ``bad_cursor``.
    """
    scope = read_scope(session, actor, query, AnalysisAction.LIST)
    period, _ = periods.chosen(query, people=True)
    return scope.view, period, _read(session, scope, query, period)


def export_analysed(
    session: Session, actor: Actor, query: PeopleQuery
) -> tuple[ScopeView, Period, Page[AnalysedPerson]]:
    """As ``list_analysed``, all at once; asks for the right to export as well."""
    scope = read_scope(session, actor, query, AnalysisAction.LIST)
    require(session, actor, AnalysisAction.EXPORT, scope.resource)
    period, _ = periods.chosen(query, people=True)
    whole = query.model_copy(update={"limit": MOST_EXPORTED, "cursor": None})
    return scope.view, period, _read(session, scope, whole, period)


def _read(
    session: Session, scope: Scope, query: PeopleQuery, period: Period
) -> Page[AnalysedPerson]:
    services = query.figure in SERVICES
    order = (
        [OBLIGATION.c.due_on, OBLIGATION.c.id]
        if services
        else [CONTRACT.c.applied_at, CONTRACT.c.id]
    )
    found = _behind(scope, query, period, services=services).add_columns(*order)
    rows, following = read_page(session, found, order, query, descending=True)
    teams = teams_by_id(session, {row.team_id for row in rows})
    items = [_person(row._mapping, teams[row.team_id].name) for row in rows]
    return Page(items=items, next_cursor=following)


def _behind(
    scope: Scope, query: PeopleQuery, period: Period, *, services: bool
) -> Select[*tuple[Any, ...]]:
    rows = OBLIGATION if services else CONTRACT
    source = at_home(CONTRACT)
    if services:
        source = source.join(OBLIGATION, OBLIGATION.c.contract_id == CONTRACT.c.id)
    where = [
        *of_scope(scope, rows),
        *in_place(scope, rows),
        counted(query.figure, period),
    ]
    if query.channel:
        where.append(CONTRACT.c.channel == query.channel)
    if query.pack:
        where.append(CONTRACT.c.pack_code == query.pack)
    if query.reason:
        where.append(CONTRACT.c.end_reason == query.reason)
    if query.group:
        grouped = select(MEMBERSHIP.c.person_id).where(MEMBERSHIP.c.group_code == query.group)
        where.append(CONTRACT.c.person_id.in_(grouped))
    if query.search:
        where.append(found_by(query.search))
    if query.item and services:
        where.append(OBLIGATION.c.item_code == query.item)
    shown = (*SHOWN, *SERVICE_SHOWN) if services else SHOWN
    return select(*shown).select_from(source).where(*where)


def _person(row: Any, team_name: str) -> AnalysedPerson:
    return AnalysedPerson(
        contract_id=row["contract_id"],
        name=row["name"],
        village_name=row["village_name"] or "",
        team_name=team_name,
        pack_name=row["pack_name"],
        pack_name_en=row["pack_name_en"],
        channel=row["channel"],
        state=row["state"],
        starts_on=row["starts_on"],
        ends_on=row["ends_on"],
        ended_on=clock.local(row["ended_at"]).date() if row["ended_at"] else None,
        end_reason=row["end_reason"],
        item_name=row.get("item_name", ""),
        item_name_en=row.get("item_name_en", ""),
        due_on=row.get("due_on"),
        done_on=clock.local(row["done_at"]).date() if row.get("done_at") else None,
    )
