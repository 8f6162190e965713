"""The counts of the business analysis: few statements, each over all that the scope has.

Every count comes as ``Fact``: of which table and part, at which place, how many in the period and
in the one before. Villages are told apart only where the people may be seen.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from core import clock
from directory.public import division_prefix
from family_doctor.models import Contract, Obligation
from family_doctor.queries.analysis.scopes import Scope
from family_doctor.queries.promises import kept_in_time
from family_doctor.schemas import Measure, Period, TableCode
from family_doctor.states import State
from residents.public import GroupMembership, Household, Person

CONTRACT, OBLIGATION = Contract.__table__, Obligation.__table__
PERSON, HOUSEHOLD, MEMBERSHIP = (each.__table__ for each in (Person, Household, GroupMembership))
# Contracts that were in force and are not any more; the other ends are of applications.
LEFT = (State.EXPIRED, State.RENEWED, State.TERMINATED)
NEVER = (State.REJECTED, State.CANCELLED)
COMING_DAYS = timedelta(days=60)
# The bands in which ages are shown, by the years with which they begin.
AGE_BANDS = (0, 7, 18, 45, 65, 80)
Condition = Callable[[Measure, Period], ColumnElement[bool]]


class Fact(NamedTuple):
    """How many of a measure in a part of a table at a place (a division, or division/village)."""

    table: TableCode
    measure: Measure
    place: str
    key: str
    name: str
    name_en: str
    now: int
    before: int


def counted(measure: Measure, period: Period) -> ColumnElement[bool]:
    """The condition of a measure of contracts or services in a period."""
    stock = min(period.end, clock.today())
    match measure:
        case Measure.IN_FORCE:
            return in_force_on(stock)
        case Measure.COMING:
            return and_(in_force_on(stock), CONTRACT.c.ends_on <= stock + COMING_DAYS)
        case Measure.BEGAN:
            return and_(
                CONTRACT.c.starts_on.between(period.start, stock), CONTRACT.c.state.not_in(NEVER)
            )
        case Measure.ENDED:
            return and_(
                CONTRACT.c.ended_at >= clock.at(period.start, 0),
                CONTRACT.c.ended_at < clock.at(period.end + timedelta(days=1), 0),
                CONTRACT.c.state.in_(LEFT),
            )
        case _:
            due = and_(
                OBLIGATION.c.due_on.between(period.start, stock),
                OBLIGATION.c.excused_at.is_(None),
            )
            if measure is Measure.KEPT:
                return and_(due, kept_in_time(OBLIGATION))
            return due


def in_force_on(day: date) -> ColumnElement[bool]:
    """Whether a contract is in force on a day, as the statistics count it."""
    return and_(
        CONTRACT.c.starts_on <= day,
        CONTRACT.c.ends_on >= day,
        or_(CONTRACT.c.ended_at.is_(None), CONTRACT.c.ended_at >= clock.at(day, 0)),
    )


def of_scope(scope: Scope, table: FromClause = CONTRACT) -> list[ColumnElement[bool]]:
    """The conditions that contracts, or services by their team, are the scope's."""
    if scope.view.from_above:
        # What is hidden of one depends on all others.
        return []
    if scope.team_id:
        return [table.c.team_id == scope.team_id]
    if scope.institution_id and table is CONTRACT:
        return [CONTRACT.c.institution_id == scope.institution_id]
    if scope.institution_id:
        # Services carry their team alone.
        own = select(CONTRACT.c.team_id).where(CONTRACT.c.institution_id == scope.institution_id)
        return [OBLIGATION.c.team_id.in_(own)]
    return []


def in_place(scope: Scope, table: FromClause) -> list[ColumnElement[bool]]:
    """The conditions that rows with a division are of the scope's place; the query must join the
    household where a village is named.
    """
    code = scope.place.code
    found: list[ColumnElement[bool]] = []
    if code != scope.tree_root:
        found.append(table.c.division_code.startswith(division_prefix(code)))
    if scope.village:
        found.append(HOUSEHOLD.c.village_name == scope.village)
    return found


def at_home(table: FromClause) -> FromClause:
    """The rows with the households of their people."""
    if table is PERSON:
        return PERSON.outerjoin(HOUSEHOLD, HOUSEHOLD.c.id == PERSON.c.household_id)
    homes = table.outerjoin(PERSON, PERSON.c.id == table.c.person_id)
    return homes.outerjoin(HOUSEHOLD, HOUSEHOLD.c.id == PERSON.c.household_id)


class Counting:
    """The statements of one analysis."""

    def __init__(self, session: Session, scope: Scope, now: Period, before: Period) -> None:
        self._session, self._scope, self._periods = session, scope, (now, before)

    def places(self, measures: Sequence[Measure]) -> list[Fact]:
        """Contracts, or with DUE and KEPT services, by place."""
        table = OBLIGATION if Measure.DUE in measures else CONTRACT
        village = self._scope.people
        place = _place(table, village=village).label("place")
        source = at_home(table) if village else table
        query = (
            select(place, *self._columns(measures))
            .select_from(source)
            .where(*of_scope(self._scope, table), self._any(measures))
            .group_by(place)
        )
        return [
            Fact(TableCode.PLACES, measure, row[0], row[0], "", "", *row[at : at + 2])
            for row in self._session.execute(query)
            for at, measure in zip(range(1, len(row), 2), measures, strict=True)
        ]

    def providers(self, measures: Sequence[Measure]) -> list[Fact]:
        """Contracts or services by team: of the place where the people may be seen, else of the
        whole region.
        """
        table = OBLIGATION if Measure.DUE in measures else CONTRACT
        where = [*of_scope(self._scope, table), self._any(measures)]
        source: FromClause = table
        if self._scope.people:
            where += in_place(self._scope, table)
            source = at_home(table) if self._scope.village else table
        query = (
            select(table.c.team_id, *self._columns(measures))
            .select_from(source)
            .where(*where)
            .group_by(table.c.team_id)
        )
        return [
            Fact(TableCode.PROVIDERS, measure, "", str(row[0]), "", "", *row[at : at + 2])
            for row in self._session.execute(query)
            for at, measure in zip(range(1, len(row), 2), measures, strict=True)
        ]

    def parts(self, tables: Iterable[TableCode]) -> list[Fact]:
        """The parted counts of these tables and who is registered where, with one statement; of an
        institution or team from above all teams' by team, and nobody registered.
        """
        queries = [] if self._scope.view.from_above else [self._registered()]
        for table in tables:
            queries += PARTED[table](self)
        return [
            Fact(TableCode(row[0]), Measure(row[1]), *row[2:])
            for row in self._session.execute(union_all(*queries))
        ]

    def _columns(self, measures: Sequence[Measure]) -> list[Any]:
        return [
            func.count().filter(counted(measure, period))
            for measure in measures
            for period in self._periods
        ]

    def _any(self, measures: Sequence[Measure]) -> ColumnElement[bool]:
        """Whether a row counts at all, so that long finished ones are not looked at twice."""
        wanted = [Measure.DUE] if Measure.DUE in measures else measures
        return or_(*(counted(measure, each) for measure in wanted for each in self._periods))

    def _registered(self) -> Select[Any]:
        village = self._scope.people
        place = _place(PERSON, village=village)
        source = at_home(PERSON) if village else PERSON
        count = func.count()
        row = _row(TableCode.PLACES, Measure.REGISTERED, place, literal(""), count, count)
        return row.select_from(source)

    def _parted(
        self, table: TableCode, measure: Measure, key: Any, name: Any = None, name_en: Any = None
    ) -> Select[Any]:
        """A measure of the scope's contracts (or services) by a column of theirs."""
        rows: FromClause = OBLIGATION if measure in (Measure.DUE, Measure.KEPT) else CONTRACT
        source = rows
        if self._scope.village:
            source = at_home(rows)
        elif table is TableCode.AGES:
            source = rows.join(PERSON, PERSON.c.id == rows.c.person_id)
        if table is TableCode.GROUPS:
            source = source.join(MEMBERSHIP, MEMBERSHIP.c.person_id == rows.c.person_id)
        where = [*of_scope(self._scope, rows), self._any([measure])]
        if self._scope.village:
            where += in_place(self._scope, rows)
        now, earlier = self._columns([measure])
        place: ColumnElement[str] = rows.c.division_code
        if self._scope.view.from_above:
            place = cast(rows.c.team_id, Text)
        query = _row(table, measure, place, key, now, earlier, name, name_en)
        return query.select_from(source).where(*where)

    def _people(self, table: TableCode, key: Any) -> Select[Any]:
        """Registered people by age or group."""
        source: FromClause = at_home(PERSON) if self._scope.village else PERSON
        if table is TableCode.GROUPS:
            source = source.join(MEMBERSHIP, MEMBERSHIP.c.person_id == PERSON.c.id)
        where = in_place(self._scope, PERSON) if self._scope.village else []
        count = func.count()
        row = _row(table, Measure.REGISTERED, PERSON.c.division_code, key, count, count)
        return row.select_from(source).where(*where)

    def channels(self) -> list[Select[Any]]:
        """What began, by way of signing."""
        return [self._parted(TableCode.CHANNELS, Measure.BEGAN, CONTRACT.c.channel)]

    def packs(self) -> list[Select[Any]]:
        """What is in force, by pack."""
        names = func.max(CONTRACT.c.pack_name), func.max(CONTRACT.c.pack_name_en)
        return [self._parted(TableCode.PACKS, Measure.IN_FORCE, CONTRACT.c.pack_code, *names)]

    def reasons(self) -> list[Select[Any]]:
        """What ended, by reason."""
        return [self._parted(TableCode.REASONS, Measure.ENDED, CONTRACT.c.end_reason)]

    def items(self) -> list[Select[Any]]:
        """What was due and kept, by service."""
        names = func.max(OBLIGATION.c.item_name), func.max(OBLIGATION.c.item_name_en)
        return [
            self._parted(TableCode.ITEMS, measure, OBLIGATION.c.item_code, *names)
            for measure in (Measure.DUE, Measure.KEPT)
        ]

    def groups(self) -> list[Select[Any]]:
        """Who is registered and who is signed, by population group."""
        key = MEMBERSHIP.c.group_code
        return [
            self._people(TableCode.GROUPS, key),
            self._parted(TableCode.GROUPS, Measure.IN_FORCE, key),
        ]

    def ages(self) -> list[Select[Any]]:
        """Who is registered and who is signed, by age today."""
        key = _age_band()
        return [
            self._people(TableCode.AGES, key),
            self._parted(TableCode.AGES, Measure.IN_FORCE, key),
        ]


PARTED: dict[TableCode, Callable[[Counting], list[Select[Any]]]] = {
    TableCode.CHANNELS: Counting.channels,
    TableCode.PACKS: Counting.packs,
    TableCode.REASONS: Counting.reasons,
    TableCode.ITEMS: Counting.items,
    TableCode.GROUPS: Counting.groups,
    TableCode.AGES: Counting.ages,
}


def _row(
    table: TableCode,
    measure: Measure,
    place: Any,
    key: Any,
    now: Any,
    before: Any,
    name: Any = None,
    name_en: Any = None,
) -> Select[Any]:
    """One fact of a union, with texts where it has none."""
    texts = [literal("") if text is None else text for text in (name, name_en)]
    at, part = place.label("at"), key.label("part")
    kinds = literal(table.value), literal(measure.value)
    return select(*kinds, at, part, *texts, now, before).group_by(at, part)


def _place(table: FromClause, *, village: bool) -> ColumnElement[str]:
    """A row's division, with its village where that is told apart and known."""
    division: ColumnElement[str] = table.c.division_code
    if not village:
        return division
    home = func.concat(division, "/", HOUSEHOLD.c.village_name)
    return case((func.coalesce(HOUSEHOLD.c.village_name, "") == "", division), else_=home)


def _age_band() -> ColumnElement[str]:
    """The years with which a person's band begins, as text."""
    today = clock.today()
    older = [
        (PERSON.c.birth_date <= _years_before(today, years), literal(str(years)))
        for years in reversed(AGE_BANDS[1:])
    ]
    return case(*older, else_=literal(str(AGE_BANDS[0])))


def _years_before(day: date, years: int) -> date:
    """The last birthday of those who are so old; born on 29 February, they wait for 1 March."""
    return day.replace(year=day.year - years, day=min(day.day, 28) if day.month == 2 else day.day)
