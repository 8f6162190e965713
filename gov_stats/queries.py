"""Reads of figures, each for a division that the policy lets the actor see."""

from collections.abc import Collection
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from appointments.public import ReferralFlow
from core.access import Actor, Resource, Role, require
from core.errors import Denied, NotFound
from core.memory import Memory
from core.messages import N_
from directory.public import division_prefix, institutions_by_id, list_divisions
from directory.schemas import DivisionView
from gov_stats.dashboards import LAYOUTS
from gov_stats.models import ComputationRun, Flow, House, Indicator, IndicatorValue
from gov_stats.periods import MONTHS_SHOWN, Month
from gov_stats.schemas import (
    Action,
    Dashboard,
    DashboardQuery,
    DivisionFigure,
    FigureQuery,
    FigureView,
    HouseView,
    IndicatorFigures,
    IndicatorView,
    RunView,
    Tab,
)

INDICATORS = select(*(getattr(Indicator, name) for name in IndicatorView.model_fields)).order_by(
    Indicator.position
)
HOUSE = [name for name in HouseView.model_fields if name != "institution_name"]
FIGURE = [getattr(IndicatorValue, name) for name in FigureView.model_fields]


# The newest computation. What it computed, and the tree it computed on, stand until the next.
EDITION = select(ComputationRun.id).order_by(ComputationRun.started_at.desc()).limit(1)
Tree: TypeAlias = dict[str, DivisionView]
_trees: Memory[UUID, Tree] = Memory(2)
_dashboards: Memory[tuple[UUID, Tab, str, str | None], Dashboard] = Memory(128)


class Places:
    """The divisions of the region as one actor may see them."""

    def __init__(self, session: Session, actor: Actor, edition: UUID | None) -> None:
        def read() -> Tree:
            return {division.code: division for division in list_divisions(session)}

        self._by_code = _trees.get(edition, read) if edition else read()
        self._granted = actor.units(Role.ANALYST, Role.ADMINISTRATOR)

    def chosen(self, code: str | None) -> DivisionView:
        """The division asked for, or the highest that the actor was granted.

        Raises NotFound, or Denied for one who was granted no division.
        """
        if code is None:
            own = [unit for unit in self._granted if unit in self._by_code]
            code = min(own, key=lambda unit: (len(self.above(unit)), unit), default=None)
        if code is None:
            raise Denied()
        if code not in self._by_code:
            raise NotFound("unknown_division", N_("没有这个区划，请从上级区划重新选择。"))
        return self._by_code[code]

    def above(self, code: str) -> list[str]:
        """The division and those above it, nearest first."""
        path: list[str] = []
        at: str | None = code
        while at is not None and at in self._by_code:
            path.append(at)
            at = self._by_code[at].parent_code
        return path

    def readable_path(self, code: str) -> list[DivisionView]:
        """The divisions above ``code`` that lie within a grant, the highest first."""
        above = self.above(code)[1:]
        return [
            self._by_code[unit]
            for unit in reversed(above)
            if not self._granted.isdisjoint(self.above(unit))
        ]

    def below(self, code: str) -> list[DivisionView]:
        """The divisions directly below, by code."""
        return [division for division in self._by_code.values() if division.parent_code == code]


def read_flows(session: Session, period: str) -> list[ReferralFlow]:
    """The referrals of a month as their events left them, for the computation; nobody is asking."""
    columns = [getattr(Flow, name) for name in ReferralFlow._fields]
    query = select(*columns).where(Flow.period == period).order_by(*columns[:5])
    return [ReferralFlow(*row) for row in session.execute(query)]


def list_indicators(session: Session) -> list[IndicatorView]:
    """All indicators in their order. How a figure is reckoned is no secret."""
    rows = session.execute(INDICATORS)
    return [IndicatorView.model_construct(**row._mapping) for row in rows]


def read_dashboard(
    session: Session, actor: Actor, query: DashboardQuery, action: Action = Action.READ
) -> Dashboard:
    """A dashboard of a division. Raises Denied or NotFound."""
    edition = session.scalar(EDITION)
    places = Places(session, actor, edition)
    division = places.chosen(query.division)
    _require(session, actor, action, places, division.code)

    def read() -> Dashboard:
        return _dashboard(session, query, division, places.below(division.code))

    key = (query.tab, division.code, query.period)
    dashboard = _dashboards.get((edition, *key), read) if edition else read()
    return dashboard.model_copy(update={"path": places.readable_path(division.code)})


def _dashboard(
    session: Session, query: DashboardQuery, division: DivisionView, children: list[DivisionView]
) -> Dashboard:
    run = _latest_run(session, query.period)
    period = query.period or (run.period if run else str(Month.current()))
    codes = LAYOUTS[query.tab].codes
    return Dashboard(
        tab=query.tab,
        period=period,
        division=division,
        path=[],
        children=children,
        indicators={view.code: view for view in list_indicators(session) if view.code in codes},
        figures=_figures(session, codes, division.code, [c.code for c in children], period),
        run=run,
        houses=_houses(session, division.code, period) if LAYOUTS[query.tab].houses else [],
    )


def _houses(session: Session, division: str, period: str) -> list[HouseView]:
    """What the institutions of a division sent and received, those that received most first."""
    rows = session.scalars(
        select(House)
        .where(House.period == period, House.division_code.startswith(division_prefix(division)))
        .order_by(
            House.received.desc().nulls_last(),
            House.sent.desc().nulls_last(),
            House.institution_id,
        )
    ).all()
    known = institutions_by_id(session, {row.institution_id for row in rows})
    return [
        HouseView(
            institution_name=known[row.institution_id].name,
            **{name: getattr(row, name) for name in HOUSE},
        )
        for row in rows
    ]


def read_indicator(
    session: Session, actor: Actor, code: str, query: FigureQuery
) -> IndicatorFigures:
    """An indicator in a division and those directly below it.

    Raises Denied, NotFound ``unknown_division``, ``unknown_indicator`` or ``not_computed``.
    """
    places = Places(session, actor, session.scalar(EDITION))
    division = places.chosen(query.division)
    _require(session, actor, Action.READ, places, division.code)
    indicator = {view.code: view for view in list_indicators(session)}.get(code)
    if indicator is None:
        raise NotFound("unknown_indicator", N_("没有这个指标，请从指标目录中选择。"))
    named = {view.code: view for view in [division, *places.below(division.code)]}
    rows = session.scalars(
        select(IndicatorValue)
        .where(
            IndicatorValue.indicator_code == code,
            IndicatorValue.division_code.in_(named),
            IndicatorValue.period == (query.period or _latest_period(code)),
        )
        .order_by(IndicatorValue.division_code)
    )
    figures = {row.division_code: _named(row, named[row.division_code]) for row in rows}
    if division.code not in figures:
        raise NotFound("not_computed", N_("这个月份还没有计算，请换一个月份。"))
    figure = figures.pop(division.code)
    return IndicatorFigures(
        indicator=indicator,
        figure=figure,
        children=list(figures.values()),
    )


def _require(session: Session, actor: Actor, action: Action, places: Places, code: str) -> None:
    require(session, actor, action, Resource("Statistics", code, units=tuple(places.above(code))))


def _latest_run(session: Session, period: str | None) -> RunView | None:
    query = select(ComputationRun).order_by(
        ComputationRun.period.desc(), ComputationRun.started_at.desc()
    )
    if period:
        query = query.where(ComputationRun.period == period)
    row = session.scalar(query.limit(1))
    return RunView.model_validate(row) if row else None


def _latest_period(code: str) -> ColumnElement[str]:
    latest = select(func.max(IndicatorValue.period)).where(IndicatorValue.indicator_code == code)
    return latest.scalar_subquery()


def _figures(
    session: Session, codes: Collection[str], division: str, children: list[str], period: str
) -> dict[tuple[str, str, str], FigureView]:
    """Twelve months of the division and one of its children, with one statement."""
    first = str(Month.parse(period).back(MONTHS_SHOWN - 1))
    own = and_(
        IndicatorValue.division_code == division, IndicatorValue.period.between(first, period)
    )
    below = and_(IndicatorValue.division_code.in_(children), IndicatorValue.period == period)
    rows = session.execute(
        select(IndicatorValue.indicator_code, *FIGURE).where(
            IndicatorValue.indicator_code.in_(codes), or_(own, below)
        )
    )
    # Hundreds of them a page, and the database has checked them: no need to do it again.
    return {
        (row.indicator_code, row.division_code, row.period): FigureView.model_construct(
            **{name: value for name, value in row._mapping.items() if name != "indicator_code"}
        )
        for row in rows
    }


def _named(row: IndicatorValue, division: DivisionView) -> DivisionFigure:
    figure = FigureView.model_validate(row)
    return DivisionFigure(
        **figure.model_dump(), division_name=division.name, division_name_en=division.name_en
    )
