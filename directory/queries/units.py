"""The tree of units that roles are granted on: divisions, institutions and teams.

Provides ``auth.public.Organisation``.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Text,
    cast,
    false,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from auth.public import Unit, UnitKind
from core.searching import contains
from directory.divisions import division_path, division_prefix
from directory.models import Division, Institution, Staff, Team

MOST_UNITS = 300
NAMES = {
    UnitKind.DIVISION: Division.name,
    UnitKind.INSTITUTION: Institution.name,
    UnitKind.TEAM: Team.name,
}


def unit_path(session: Session, unit: str) -> tuple[str, ...]:
    """A unit (division code, institution or team id) and all units above it, nearest first.

    An unknown unit is only itself.
    """
    if unit.isdigit():
        return division_path(unit)
    found = units_by_code(session, [unit]).get(unit)
    return found.path if found else (unit,)


def region_unit() -> ScalarSelect[str]:
    """The code of the division that all others lie in, for use within a query."""
    return select(Division.code).where(Division.parent_code.is_(None)).limit(1).scalar_subquery()


def units_by_code(session: Session, codes: Collection[str]) -> Mapping[str, Unit]:
    """The units of these codes; unknown ones are left out. One statement."""
    divisions, ids = split(codes)
    if not divisions and not ids:
        return {}
    query = union_all(
        _divisions().where(Division.code.in_(divisions)),
        _institutions().where(Institution.id.in_(ids)),
        _teams().where(Team.id.in_(ids)),
    )
    return {unit.code: unit for unit in _read(session, query)}


def search_units(
    session: Session, scope: Collection[str], kinds: Collection[UnitKind], text: str | None
) -> Sequence[Unit]:
    """Units in service within ``scope``, divisions first; at most MOST_UNITS of each kind."""
    selections = {
        UnitKind.DIVISION: _divisions().where(division_within(Division.code, scope)),
        UnitKind.INSTITUTION: _institutions().where(
            institution_within(scope), Institution.disabled_at.is_(None)
        ),
        UnitKind.TEAM: _teams().where(institution_within(scope), Team.disabled_at.is_(None)),
    }
    chosen = []
    for kind in UnitKind:
        if kind not in kinds:
            continue
        query, name = selections[kind], NAMES[kind]
        if text:
            query = query.where(contains(name, text))
        chosen.append(select(query.order_by(name).limit(MOST_UNITS).subquery()))
    return _read(session, union_all(*chosen))


def units_within(column: Any, scope: Collection[str]) -> ColumnElement[bool]:
    """The condition that a column of unit codes lies within ``scope``."""
    institutions = select(cast(Institution.id, Text)).where(institution_within(scope))
    teams = (
        select(cast(Team.id, Text))
        .join(Institution, Institution.id == Team.institution_id)
        .where(institution_within(scope))
    )
    return or_(
        column.in_(sorted(scope)),
        division_within(column, scope),
        column.in_(institutions),
        column.in_(teams),
    )


def division_within(column: Any, scope: Collection[str]) -> ColumnElement[bool]:
    """The condition that a column of division codes lies within the divisions of ``scope``.

    An institution's id is longer than a prefix and never begins with one and digits alone, so
    only all-digit codes match.
    """
    divisions, _ = split(scope)
    prefixes = [column.regexp_match(f"^{division_prefix(code)}[0-9]*$") for code in divisions]
    return or_(false(), *prefixes)


def institution_within(scope: Collection[str]) -> ColumnElement[bool]:
    """The condition that an institution of the query lies within ``scope``."""
    divisions, ids = split(scope)
    prefixes = [Institution.division_code.startswith(division_prefix(code)) for code in divisions]
    return or_(false(), Institution.id.in_(ids), *prefixes)


def accounts_of_staff(scope: Collection[str] | None = None) -> Select[UUID | None]:
    """The accounts of those who work within ``scope``, or anywhere."""
    anywhere = select(Staff.account_id).where(Staff.account_id.is_not(None))
    if scope is None:
        return anywhere
    workplace = Institution.id == Staff.institution_id
    return anywhere.join(Institution, workplace).where(institution_within(scope))


def workplaces(session: Session, account_id: UUID) -> Sequence[str]:
    """The institutions at which the holder of an account works."""
    query = select(Staff.institution_id).where(Staff.account_id == account_id)
    return [str(institution) for institution in session.scalars(query)]


def split(units: Collection[str]) -> tuple[list[str], list[UUID]]:
    """Unit codes as (division codes, institution and team ids); what is neither is left out."""
    divisions = sorted(unit for unit in units if unit.isdigit())
    ids = [found for unit in sorted(units) if not unit.isdigit() and (found := _uuid(unit))]
    return divisions, ids


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _divisions() -> Select[Any]:
    return _unit(UnitKind.DIVISION, Division.code, Division.name, Division.code, None)


def _institutions() -> Select[Any]:
    return _unit(
        UnitKind.INSTITUTION,
        cast(Institution.id, Text),
        Institution.name,
        Institution.division_code,
        None,
    )


def _teams() -> Select[Any]:
    return _unit(
        UnitKind.TEAM,
        cast(Team.id, Text),
        Team.name,
        Institution.division_code,
        cast(Institution.id, Text),
    ).join_from(Team, Institution, Institution.id == Team.institution_id)


def _unit(kind: UnitKind, code: Any, name: Any, division: Any, institution: Any) -> Select[Any]:
    above = literal(None, Text) if institution is None else institution
    return select(
        literal(kind.value).label("kind"),
        code.label("code"),
        name.label("name"),
        division.label("division"),
        above.label("institution"),
    )


def _read(session: Session, query: Any) -> list[Unit]:
    units = []
    for row in session.execute(query):
        kind = UnitKind(row.kind)
        own = () if kind is UnitKind.DIVISION else (row.code,)
        above = (row.institution,) if row.institution else ()
        path = (*own, *above, *division_path(row.division))
        units.append(Unit(row.code, row.name, kind, path))
    return units
