"""The panel: a team's residents with how they stand, any filter, and what each other value of a
filter would show, with one statement.

A filter is a field of ``PanelFilters`` and a line of ``FILTERS``; its choices are counted with all
other filters kept.
"""

import json
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    DateTime,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from core import clock
from core.paging import Listing
from directory.schemas import TeamView
from family_doctor.models import FollowUp, NormRow, NormVersion, Rule
from family_doctor.queries.assignments import (
    cared_for_by,
    found_by,
    nobody_cares,
)
from family_doctor.queries.rules import of_rule
from family_doctor.queries.team import (
    CONTRACT,
    HORIZON,
    MEMBERSHIP,
    OBLIGATION,
    STAFF,
    TEAM,
    TODAY,
    UNSERVED,
    entries,
    groups_of,
)
from family_doctor.schemas import (
    Choice,
    Kind,
    PanelPage,
    PanelQuery,
    PanelRow,
    PanelSort,
    Standing,
)
from family_doctor.states import IN_FORCE
from residents.public import born_by
from service_packs.public import Group, ServiceRecord

NEW_FOR = timedelta(days=30)
# Contracts with somebody whom the team did not have before.
FIRST = (Kind.NEW, Kind.CHANGE_TEAM)
# Sorts behind every day on which something is due.
NEVER = date(9999, 12, 31)
FOLLOW_UP, NORM, RECORD, GROUP = (
    table.__table__ for table in (FollowUp, NormRow, ServiceRecord, Group)
)
NOW = bindparam("now", type_=DateTime(timezone=True))
INSTITUTION = bindparam("institution", type_=Uuid())
SOON, NEW_SINCE = (bindparam(name, type_=Date()) for name in ("soon", "new_since"))
STATEMENTS = 128


class Filter(NamedTuple):
    """A filter: its condition on the panel, with a parameter of its name; the parameter's value
    from what was asked; and, where its values are offered, (value, label, label_en, count) of them
    under a condition.
    """

    condition: Callable[[CTE], ColumnElement[bool]]
    value: Callable[[Any], object] = lambda asked: asked
    choices: Callable[[CTE, ColumnElement[bool]], Select[*tuple[Any, ...]]] | None = None


def list_panel(
    session: Session, team: TeamView, query: PanelQuery, staff: Collection[UUID] | None = None
) -> PanelPage:
    """A team's residents as asked for, and what other choices would show; with ``staff`` only those
    whom these look after. The caller has asked the policy.
    """
    given = {name: getattr(query, name) for name in FILTERS if name != "staff"}
    asked = {name: value for name, value in given.items() if value not in (None, False)}
    if staff is not None:
        asked["staff"] = list(staff)
    if query.search:
        listing, counted = _statements(asked, query.sort, found_by(query.search))
    else:
        listing, counted = _kept(frozenset(asked), query.sort)
    today = clock.today()
    values = {
        "team": team.id,
        "institution": team.institution_id,
        "today": today,
        "now": clock.now(),
        "soon": today + HORIZON,
        "new_since": today - NEW_FOR,
        **{name: FILTERS[name].value(value) for name, value in asked.items()},
    }
    rows, following = listing.read(session, query, **values)
    text = rows[0].choices if rows else session.scalar(counted, values)
    return PanelPage(
        items=[PanelRow.model_validate(row) for row in rows],
        next_cursor=following,
        choices={name: _named(some) for name, some in json.loads(text or "{}").items()},
    )


def _named(rows: list[tuple[str, str, str, int]] | None) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=value, label=label, label_en=label_en, count=count)
        for value, label, label_en, count in rows or ()
    )


@lru_cache(STATEMENTS)
def _kept(asked: frozenset[str], sort: PanelSort) -> tuple[Listing, Select[Any]]:
    return _statements(asked, sort, None)


def _statements(
    asked: Collection[str], sort: PanelSort, search: ColumnElement[bool] | None
) -> tuple[Listing, Select[Any]]:
    """The list, with the choices beside each row; and the choices alone, for a list without rows.

    The choices stand once in the plan, however many rows carry them.
    """
    panel = _panel(search)
    conditions = {name: FILTERS[name].condition(panel) for name in sorted(asked)}
    counted = _choices(panel, conditions).label("choices")
    order = [*ORDERS[sort](panel), panel.c.contract_id]
    query = select(*panel.c, counted, *order).where(*conditions.values())
    return Listing(query, order), select(counted)


def _choices(panel: CTE, conditions: Mapping[str, ColumnElement[bool]]) -> Any:
    """All values of all filters as one text of JSON."""
    parts: list[Any] = []
    for name, each in FILTERS.items():
        if each.choices is None:
            continue
        others = [condition for other, condition in conditions.items() if other != name]
        values = each.choices(panel, and_(true(), *others)).subquery()
        row = func.json_build_array(*values.c)
        parts += [literal(name), select(func.json_agg(row)).scalar_subquery()]
    return cast(func.json_build_object(*parts), Text)


def _panel(search: ColumnElement[bool] | None) -> CTE:
    """All residents of the team, or those found, with how they stand."""
    since = NOW - func.make_interval(0, 0, 0, of_rule(Rule.silent_days, INSTITUTION))
    work, risky, contact = _work(), _risky(), _contact(since)
    ending_days = of_rule(Rule.expiring_days, INSTITUTION)
    query = (
        entries(
            CONTRACT.c.pack_code,
            CONTRACT.c.pack_name,
            CONTRACT.c.pack_name_en,
            func.coalesce(work.c.due, false()).label(Standing.DUE),
            func.coalesce(work.c.late, false()).label(Standing.LATE),
            risky.c.person_id.is_not(None).label(Standing.AT_RISK),
            and_(CONTRACT.c.signed_at < since, contact.c.person_id.is_(None)).label(
                Standing.SILENT
            ),
            and_(CONTRACT.c.starts_on > NEW_SINCE, CONTRACT.c.kind.in_(FIRST)).label(Standing.NEW),
            (CONTRACT.c.ends_on <= TODAY + ending_days).label(Standing.ENDING),
            work.c.next_due,
        )
        .outerjoin(work, work.c.contract_id == CONTRACT.c.id)
        .outerjoin(risky, risky.c.person_id == CONTRACT.c.person_id)
        .outerjoin(contact, contact.c.person_id == CONTRACT.c.person_id)
        .where(CONTRACT.c.team_id == TEAM, CONTRACT.c.state.in_(IN_FORCE))
    )
    return (query if search is None else query.where(search)).cte("panel")


def _work() -> Subquery:
    """Of each contract, whether something is late or due soon, and the earliest day of it."""
    late = OBLIGATION.c.late_after < TODAY
    return (
        select(
            OBLIGATION.c.contract_id,
            func.bool_or(late).label("late"),
            func.bool_or(~late).label("due"),
            func.min(OBLIGATION.c.due_on).label("next_due"),
        )
        .where(OBLIGATION.c.team_id == TEAM, UNSERVED, OBLIGATION.c.due_on <= SOON)
        .group_by(OBLIGATION.c.contract_id)
        .subquery()
    )


def _risky() -> Subquery:
    """Whose last follow-up of some service by the team was an emergency, or had a result that the
    norms answer with a referral: at once, or when it comes twice running.
    """
    last = (
        select(
            FOLLOW_UP.c.person_id,
            FOLLOW_UP.c.item_code,
            FOLLOW_UP.c.result,
            FOLLOW_UP.c.emergency,
        )
        .ext(distinct_on(FOLLOW_UP.c.person_id, FOLLOW_UP.c.item_code))
        .where(FOLLOW_UP.c.team_id == TEAM)
        .order_by(
            FOLLOW_UP.c.person_id,
            FOLLOW_UP.c.item_code,
            FOLLOW_UP.c.performed_at.desc(),
            FOLLOW_UP.c.id.desc(),
        )
        .subquery()
    )
    out = _out_of_control()
    return (
        select(last.c.person_id)
        .outerjoin(out, and_(out.c.item_code == last.c.item_code, out.c.result == last.c.result))
        .where(or_(last.c.emergency, out.c.result.is_not(None)))
        .distinct()
        .subquery()
    )


def _out_of_control() -> CTE:
    """(service, result) that a norm in force answers with a referral. Read once, as it is unpacked
    from documents.
    """
    rules = NORM.c.document["assessment"]
    newest = (
        select(NormVersion.version)
        .order_by(NormVersion.loaded_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    parts = [
        select(NORM.c.item_code, func.jsonb_array_elements_text(rules[name]).label("result")).where(
            NORM.c.version == newest
        )
        for name in ("repeated", "referred")
    ]
    return union(*parts).cte("out_of_control").prefix_with("MATERIALIZED", dialect="postgresql")


def _contact(since: ColumnElement[Any]) -> Subquery:
    """Whom the team served since then, or for whom it did a step of a plan by its word."""
    served = select(RECORD.c.person_id).where(
        RECORD.c.team_id == TEAM, RECORD.c.performed_at >= since
    )
    by_word = select(OBLIGATION.c.person_id).where(
        OBLIGATION.c.team_id == TEAM,
        OBLIGATION.c.done_by.is_not(None),
        OBLIGATION.c.done_at >= since,
    )
    return union(served, by_word).subquery()


def _stands(panel: CTE) -> ColumnElement[bool]:
    flags = {standing.value: panel.c[standing] for standing in Standing}
    return case(flags, value=bindparam("standing"), else_=false())


def _standings(panel: CTE, condition: ColumnElement[bool]) -> Any:
    counts = [
        select(literal(standing.value).label("value"), EMPTY, EMPTY_EN, func.count())
        .where(condition, panel.c[standing])
        for standing in Standing
    ]  # fmt: skip
    whole = select(literal("").label("value"), EMPTY, EMPTY_EN, func.count())
    return union_all(whole.select_from(panel).where(condition), *counts)


def _groups(panel: CTE, condition: ColumnElement[bool]) -> Any:
    code = groups_of(panel.c.person_id)
    labels = (func.coalesce(GROUP.c[name], "") for name in ("name", "name_en"))
    named = [code.c.group_code, *labels]
    query = (
        select(*named, func.count())
        .join_from(panel, code, true())
        .outerjoin(GROUP, GROUP.c.code == code.c.group_code)
    )
    return query.where(condition).group_by(*named).order_by(code.c.group_code)


def _in_group(panel: CTE) -> ColumnElement[bool]:
    return exists().where(
        MEMBERSHIP.c.person_id == panel.c.person_id,
        MEMBERSHIP.c.group_code == bindparam("group"),
    )


def _of(*names: str) -> Callable[[CTE, ColumnElement[bool]], Any]:
    """The values of a column of the panel, with those that name them."""

    def values(panel: CTE, condition: ColumnElement[bool]) -> Any:
        value, *labels = (panel.c[name] for name in names)
        query = select(value, *(labels or (EMPTY, EMPTY_EN)), func.count())
        return query.where(condition).group_by(value, *labels).order_by(value)

    return values


EMPTY, EMPTY_EN = literal("").label("label"), literal("").label("label_en")
FILTERS: dict[str, Filter] = {
    "standing": Filter(_stands, choices=_standings),
    "group": Filter(_in_group, choices=_groups),
    "village": Filter(
        lambda panel: panel.c.village_name == bindparam("village"), choices=_of("village_name")
    ),
    "pack": Filter(
        lambda panel: panel.c.pack_code == bindparam("pack"),
        choices=_of("pack_code", "pack_name", "pack_name_en"),
    ),
    "sex": Filter(lambda panel: panel.c.sex == bindparam("sex"), choices=_of("sex")),
    "age_from": Filter(
        lambda panel: panel.c.birth_date <= bindparam("age_from", type_=Date()), born_by
    ),
    "age_to": Filter(
        lambda panel: panel.c.birth_date > bindparam("age_to", type_=Date()),
        lambda years: born_by(years + 1),
    ),
    # Whose residents: one's own or those one stands in for, a member's, nobody's.
    "staff": Filter(lambda panel: cared_for_by(panel.c.contract_id, STAFF)),
    "member_id": Filter(
        lambda panel: cared_for_by(panel.c.contract_id, [bindparam("member_id", type_=Uuid())])
    ),
    "unassigned": Filter(lambda panel: nobody_cares(panel.c.contract_id)),
}
ORDERS: dict[PanelSort, Callable[[CTE], list[Any]]] = {
    PanelSort.NAME: lambda panel: [panel.c.name],
    PanelSort.DUE: lambda panel: [func.coalesce(panel.c.next_due, NEVER), panel.c.name],
    PanelSort.END: lambda panel: [panel.c.ends_on, panel.c.name],
    PanelSort.AGE: lambda panel: [panel.c.birth_date, panel.c.name],
}
