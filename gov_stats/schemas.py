"""Queries and views of the statistics room."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from directory.schemas import DivisionCode, DivisionView
from gov_stats.periods import PATTERN

MonthText = Annotated[str, Field(pattern=PATTERN)]


class Action(StrEnum):
    """What may be asked of the figures of a division."""

    READ = "gov_stats:read"
    EXPORT = "gov_stats:export"


class Tab(StrEnum):
    """The dashboards."""

    OVERVIEW = "overview"
    PRIMARY_CARE = "primary-care"
    RESOURCES = "resources"
    APPOINTMENTS = "appointments"
    GRADED_DIAGNOSIS = "graded-diagnosis"
    SERVICE_PACKS = "service-packs"


class Format(StrEnum):
    """What a table is exported as."""

    CSV = "csv"
    XLSX = "xlsx"


class FigureQuery(BaseModel):
    """Whose figures, and of which month (YYYY-MM); what is left out means the actor's own
    highest division and the latest month computed.
    """

    model_config = ConfigDict(frozen=True)

    division: DivisionCode | None = None
    period: MonthText | None = None


class DashboardQuery(FigureQuery):
    """A dashboard of a division."""

    tab: Tab = Tab.OVERVIEW


class View(BaseModel):
    """A view made from a row."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class IndicatorView(View):
    """How a figure is called and reckoned. ``yardstick`` is the national value in the figure's
    unit; where ``yardstick_estimate``, it was not read in a source and is not official.
    """

    code: str
    analysis: str
    name: str
    name_en: str
    formula: str
    formula_en: str
    unit: str
    unit_en: str
    decimals: int
    yardstick: Decimal | None
    yardstick_year: int | None
    yardstick_estimate: bool
    provenance: str


class IndicatorList(BaseModel):
    """All indicators."""

    items: list[IndicatorView]


class FigureView(View):
    """One figure of a division and month. ``suppressed``: hidden because it, or a count that it
    would give away, is under five; then ``numerator`` and ``value`` are None.
    """

    division_code: str
    period: str
    numerator: int | None
    denominator: int | None
    value: Decimal | None
    suppressed: bool
    computed_at: datetime


class DivisionFigure(FigureView):
    """A figure with the name of its division."""

    division_name: str
    division_name_en: str | None


class IndicatorFigures(BaseModel):
    """An indicator in a division and in the divisions directly below it."""

    indicator: IndicatorView
    figure: DivisionFigure
    children: list[DivisionFigure]


class HouseView(View):
    """The referrals of an institution and month; None is what disclosure control hides.

    ``in_time`` of those received were accepted within the region's time, of ``completed`` the
    patient came, and the first answer took ``median_hours``.
    """

    institution_id: UUID
    institution_name: str
    sent: int | None
    sent_up: int | None
    sent_down: int | None
    received: int | None
    in_time: int | None
    completed: int | None
    median_hours: Decimal | None


class RunView(View):
    """A computation: its facts by source, and how many lay outside the region's divisions."""

    period: str
    finished_at: datetime
    rows: int
    sources: dict[str, int]
    unplaced: int


class Dashboard(BaseModel):
    """What a dashboard is drawn from. ``path`` are the divisions above that the actor may read,
    the highest first; ``figures`` is keyed by indicator, division and month.
    """

    tab: Tab
    period: str
    division: DivisionView
    path: list[DivisionView]
    children: list[DivisionView]
    indicators: dict[str, IndicatorView]
    figures: dict[tuple[str, str, str], FigureView]
    run: RunView | None
    houses: list[HouseView]

    def figure(self, code: str, division: str = "", period: str = "") -> FigureView | None:
        """A figure of the dashboard's division and month, or of the given ones."""
        return self.figures.get((code, division or self.division.code, period or self.period))
