"""The pictures of a dashboard: what ECharts draws, and the same numbers as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from core.web.languages import english, gettext
from directory.schemas import DivisionView
from gov_stats.dashboards import LAYOUTS
from gov_stats.periods import MONTHS_SHOWN, Month
from gov_stats.ports import region_map
from gov_stats.schemas import Dashboard, IndicatorView
from gov_stats.web.words import (
    PERCENT,
    month_of,
    name_of,
    number_of,
    short_month_of,
    text_of,
)


@dataclass(frozen=True)
class Row:
    """A row of the table behind a picture."""

    label: str
    texts: Sequence[str]
    url: str | None = None


@dataclass(frozen=True)
class Panel:
    """A picture: its sentence, its ``spec`` (shapes: docs/ui.md) and its table."""

    id: str
    title: str
    spec: dict[str, Any]
    header: Sequence[str]
    rows: Sequence[Row]
    note: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing could be drawn, because all of it is hidden or missing."""
        drawn = [region["value"] for region in self.spec.get("regions", ())]
        drawn += [value for one in self.spec.get("series", ()) for value in one["values"]]
        return all(value is None for value in drawn)


def address(dashboard: Dashboard, **changes: str) -> str:
    """The address of this dashboard with another division, month or tab."""
    here: dict[str, Any] = {
        "division": dashboard.division.code,
        "period": dashboard.period,
        "tab": dashboard.tab.value,
    }
    return url_for("gov_stats.overview", **{**here, **changes})


def places(dashboard: Dashboard) -> Panel | None:
    """The divisions below on the map, or ranked where not drawn; None without any."""
    indicator = dashboard.indicators[LAYOUTS[dashboard.tab].map]
    if not dashboard.children:
        return None
    ranked = _ranked(dashboard, indicator)
    rows = [
        Row(
            name_of(child),
            [text_of(indicator, dashboard.figure(indicator.code, child.code))],
            address(dashboard, division=child.code),
        )
        for child in ranked
    ]
    spec = _map(dashboard, indicator) or _bars(dashboard, indicator, ranked)
    return Panel(
        id="places",
        title=_finding(dashboard, indicator, ranked),
        spec=spec,
        header=[gettext("区划"), name_of(indicator)],
        rows=rows,
        note=_map_note() if spec["kind"] == "map" else gettext("点选进入下一级"),
    )


def trend(dashboard: Dashboard) -> Panel:
    """Twelve months up to the one shown."""
    layout = LAYOUTS[dashboard.tab]
    last = Month.parse(dashboard.period)
    periods = [str(last.back(months)) for months in reversed(range(MONTHS_SHOWN))]
    indicators = [dashboard.indicators[code] for code in layout.trend]
    series = [
        {
            "name": name_of(indicator),
            "values": [
                number_of(indicator, dashboard.figure(indicator.code, period=period))
                for period in periods
            ],
        }
        for indicator in indicators
    ]
    rows = [
        Row(
            month_of(period),
            [text_of(i, dashboard.figure(i.code, period=period)) for i in indicators],
        )
        for period in periods
    ]
    return Panel(
        id="trend",
        title=gettext(layout.trend_title),
        spec={
            "kind": "line",
            "labels": [short_month_of(period) for period in periods],
            "unit": _unit(indicators[0]),
            "series": series,
        },
        header=[gettext("月份"), *(name_of(indicator) for indicator in indicators)],
        rows=rows,
    )


def structure(dashboard: Dashboard) -> Panel:
    """What the whole is made of, as bars."""
    layout = LAYOUTS[dashboard.tab]
    indicators = [dashboard.indicators[code] for code in layout.structure]
    figures = [dashboard.figure(indicator.code) for indicator in indicators]
    pairs = list(zip(indicators, figures, strict=True))
    name = gettext(layout.structure_title)
    return Panel(
        id="structure",
        title=name,
        spec={
            "kind": "bar",
            "labels": [_group_name(indicator) for indicator in indicators],
            "unit": _unit(indicators[0]),
            "series": [{"name": name, "values": [number_of(*pair) for pair in pairs]}],
        },
        header=[gettext("项目"), gettext("数值")],
        rows=[Row(_group_name(indicator), [text_of(indicator, f)]) for indicator, f in pairs],
    )


def _ranked(dashboard: Dashboard, indicator: IndicatorView) -> list[DivisionView]:
    """The divisions below, the highest figure first and the hidden ones last."""

    def place(child: DivisionView) -> tuple[bool, float]:
        number = number_of(indicator, dashboard.figure(indicator.code, child.code))
        return number is None, -(number or 0)

    return sorted(dashboard.children, key=place)


def _finding(dashboard: Dashboard, indicator: IndicatorView, ranked: Sequence[DivisionView]) -> str:
    """What the picture says in one sentence."""
    shown = [
        child
        for child in ranked
        if number_of(indicator, dashboard.figure(indicator.code, child.code)) is not None
    ]
    if len(shown) < 2:
        return gettext("各下级区划的%(name)s", name=name_of(indicator))
    first, last = shown[0], shown[-1]
    return gettext(
        "%(name)s：%(first)s最高（%(most)s），%(last)s最低（%(least)s）",
        name=name_of(indicator),
        first=name_of(first),
        most=text_of(indicator, dashboard.figure(indicator.code, first.code)),
        last=name_of(last),
        least=text_of(indicator, dashboard.figure(indicator.code, last.code)),
    )


def _map(dashboard: Dashboard, indicator: IndicatorView) -> dict[str, Any] | None:
    """The map, if every division below is drawn on it."""
    drawn = region_map()
    if drawn is None:
        return None
    codes = {feature["properties"]["code"] for feature in drawn.boundaries["features"]}
    if not codes.issuperset(child.code for child in dashboard.children):
        return None
    return {
        "kind": "map",
        "map_url": url_for("gov_stats.boundaries"),
        "name": name_of(indicator),
        "unit": _unit(indicator),
        "regions": [
            {
                "code": child.code,
                "name": name_of(child),
                "value": number_of(indicator, dashboard.figure(indicator.code, child.code)),
                "url": address(dashboard, division=child.code),
            }
            for child in dashboard.children
        ],
    }


def _map_note() -> str:
    drawn = region_map()
    if drawn is None:
        return ""
    note = drawn.note_en if english() else drawn.note
    return f"{gettext('点选进入下一级')} · {note}"


def _bars(
    dashboard: Dashboard, indicator: IndicatorView, ranked: Sequence[DivisionView]
) -> dict[str, Any]:
    return {
        "kind": "bar",
        "labels": [name_of(child) for child in ranked],
        "unit": _unit(indicator),
        "urls": [address(dashboard, division=child.code) for child in ranked],
        "series": [
            {
                "name": name_of(indicator),
                "values": [
                    number_of(indicator, dashboard.figure(indicator.code, child.code))
                    for child in ranked
                ],
            }
        ],
    }


def _unit(indicator: IndicatorView) -> str:
    return PERCENT if indicator.unit == PERCENT else ""


def _group_name(indicator: IndicatorView) -> str:
    """Under a title that says what is measured, the group alone: 签约率：老年人 reads 老年人."""
    return name_of(indicator).replace("：", ": ").rpartition(": ")[2]
