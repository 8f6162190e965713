"""The table of a dashboard: its divisions by its figures, for the page and for export."""

from core.sheets import Sheet, Value
from core.web.languages import gettext
from core.web.names import named
from gov_stats.dashboards import LAYOUTS
from gov_stats.schemas import Dashboard, IndicatorView
from gov_stats.web.panels import Row, address
from gov_stats.web.words import (
    HIDDEN,
    formula_of,
    month_of,
    name_of,
    number_of,
    quality_of,
    text_of,
    unit_of,
    yardstick_of,
)


def columns(dashboard: Dashboard) -> list[IndicatorView]:
    """The figures of the dashboard, in its order."""
    return [dashboard.indicators[code] for code in LAYOUTS[dashboard.tab].figures]


def rows(dashboard: Dashboard) -> list[Row]:
    """The division itself, then those directly below it with the way into each."""
    own = [text_of(i, dashboard.figure(i.code)) for i in columns(dashboard)]
    below = [
        Row(
            name_of(child),
            [text_of(i, dashboard.figure(i.code, child.code)) for i in columns(dashboard)],
            address(dashboard, division=child.code),
        )
        for child in dashboard.children
    ]
    return [Row(name_of(dashboard.division), own), *below]


def house_columns() -> list[str]:
    """What is told of each institution's referrals."""
    return [
        gettext("转出"),
        gettext("其中上转"),
        gettext("其中下转"),
        gettext("收到"),
        gettext("按时接收"),
        gettext("患者已到"),
        gettext("首次答复（小时，中位数）"),
    ]


def house_rows(dashboard: Dashboard) -> list[Row]:
    """The institutions of the division, one a row."""
    return [
        Row(
            named(house.institution_name),
            [
                HIDDEN if value is None else f"{value:,}"
                for value in (
                    house.sent,
                    house.sent_up,
                    house.sent_down,
                    house.received,
                    house.in_time,
                    house.completed,
                    house.median_hours,
                )
            ],
        )
        for house in dashboard.houses
    ]


def hidden_note() -> str:
    """What the mark of a hidden figure means."""
    return gettext("%(mark)s 表示人数或人次少于 5，或为防止由合计推算而一并隐藏。", mark=HIDDEN)


def title(dashboard: Dashboard) -> str:
    """The division and what the dashboard is about."""
    return f"{name_of(dashboard.division)} · {gettext(LAYOUTS[dashboard.tab].title)}"


def sheet(dashboard: Dashboard, computed: str, *, example: bool) -> Sheet:
    """The shown table for export; ``computed`` is when, in words."""
    shown = columns(dashboard)
    notes = [
        (gettext("月份"), month_of(dashboard.period)),
        (gettext("计算时间"), computed),
        (gettext("数据质量"), quality_of(dashboard.run).text if dashboard.run else ""),
        (gettext("隐藏规则"), hidden_note()),
    ]
    if example:
        notes.append((gettext("示例"), gettext("演示数据，均为虚构，不反映真实情况。")))
    return Sheet(
        title=title(dashboard),
        notes=notes,
        header=[gettext("区划代码"), gettext("区划"), *(_heading(i) for i in shown)],
        rows=_values(dashboard, shown),
        legend_title=gettext("指标口径"),
        legend=legend(dashboard),
    )


def legend(dashboard: Dashboard) -> list[list[str]]:
    """How each figure is reckoned and what it is held against, under a row of headings."""
    return [
        [
            gettext("代码"),
            gettext("指标"),
            gettext("口径"),
            gettext("参照值"),
            gettext("参照值来源"),
        ],
        *(
            [i.code, name_of(i), formula_of(i), yardstick_of(i), i.provenance]
            for i in columns(dashboard)
        ),
    ]


def _heading(indicator: IndicatorView) -> str:
    return gettext("%(name)s（%(unit)s）", name=name_of(indicator), unit=unit_of(indicator))


def _values(dashboard: Dashboard, shown: list[IndicatorView]) -> list[list[Value]]:
    table: list[list[Value]] = []
    for division in [dashboard.division, *dashboard.children]:
        cells: list[Value] = []
        for indicator in shown:
            figure = dashboard.figure(indicator.code, division.code)
            hidden = figure is not None and figure.suppressed
            cells.append(HIDDEN if hidden else number_of(indicator, figure))
        table.append([division.code, name_of(division), *cells])
    return table
