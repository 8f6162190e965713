"""The dashboards of analysts and administrators, their map and their exports."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.errors import NotFound
from core.sheets import to_csv, to_xlsx
from core.web.access import acting, current_actor, open_to
from core.web.formats import moment
from core.web.forms import read_query
from core.web.languages import gettext
from core.web.limits import By, limited
from gov_stats import queries
from gov_stats.dashboards import LAYOUTS
from gov_stats.periods import Month, months_shown
from gov_stats.ports import region_map
from gov_stats.schemas import Action, Dashboard, DashboardQuery, Format
from gov_stats.web import panels, tables, words

pages = Blueprint("gov_stats", __name__, url_prefix="/statistics")

EXPORTS = {
    Format.CSV: (to_csv, "text/csv; charset=utf-8"),
    Format.XLSX: (to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@pages.get("/")
@open_to(Role.ANALYST, Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """A dashboard of a division and month."""
    with transaction() as session:
        dashboard = queries.read_dashboard(session, current_actor(), read_query(DashboardQuery))
    return render_template("gov_stats/overview.html", **_screen(dashboard))


@pages.get("/export.<any(csv, xlsx):kind>")
@limited(60, timedelta(hours=1), By.ACCOUNT)
@open_to(Role.ANALYST, Role.ADMINISTRATOR)
def export(kind: str) -> Response:
    """The table of a dashboard as a file, with its month, time of computation and rules."""
    with transaction() as session:
        dashboard = queries.read_dashboard(
            session, acting(), read_query(DashboardQuery), Action.EXPORT
        )
    write, mimetype = EXPORTS[Format(kind)]
    sheet = tables.sheet(dashboard, _computed(dashboard), example=_demo())
    name = f"statistics-{dashboard.tab}-{dashboard.division.code}-{dashboard.period}.{kind}"
    response = Response(write(sheet), content_type=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@pages.get("/boundaries.json")
@open_to(Role.ANALYST, Role.ADMINISTRATOR)
def boundaries() -> Response:
    """The outlines of the divisions that are drawn, from our own origin."""
    drawn = region_map()
    if drawn is None:
        raise NotFound()
    response = jsonify(drawn.boundaries)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def _screen(dashboard: Dashboard) -> dict[str, Any]:
    """What the template shows."""
    shown: dict[str, Any] = {
        "dashboard": dashboard,
        "title": tables.title(dashboard),
        "month": words.month_of(dashboard.period),
        "months": [(period, words.month_of(period)) for period in _offered(dashboard)],
        "analyses": [
            {
                "label": gettext(layout.label),
                "url": panels.address(dashboard, tab=tab.value),
                "active": tab is dashboard.tab,
            }
            for tab, layout in LAYOUTS.items()
        ],
        "path": [
            (words.name_of(division), panels.address(dashboard, division=division.code))
            for division in dashboard.path
        ],
        "example": _demo(),
    }
    if dashboard.run is None or not dashboard.figures:
        return shown | {"computed": None}
    return shown | {
        "computed": _computed(dashboard),
        "quality": words.quality_of(dashboard.run),
        "figures": _figures(dashboard),
        "places": panels.places(dashboard),
        "trend": panels.trend(dashboard),
        "structure": panels.structure(dashboard),
        "columns": [words.name_of(indicator) for indicator in tables.columns(dashboard)],
        "rows": tables.rows(dashboard),
        "house_columns": tables.house_columns(),
        "houses": tables.house_rows(dashboard),
        "legend": tables.legend(dashboard),
        "hidden_note": tables.hidden_note(),
        "exports": {
            kind.value: url_for(
                "gov_stats.export",
                kind=kind.value,
                division=dashboard.division.code,
                period=dashboard.period,
                tab=dashboard.tab.value,
            )
            for kind in Format
        },
    }


def _offered(dashboard: Dashboard) -> list[str]:
    """The months to choose from, the latest first; the one shown is always among them."""
    return sorted({dashboard.period, *map(str, months_shown())}, reverse=True)


def _figures(dashboard: Dashboard) -> list[tuple[str, str, words.Note]]:
    """Each figure of the dashboard: its name, what it says, and what it is held against."""
    before = str(Month.parse(dashboard.period).back(1))
    return [
        (
            words.name_of(indicator),
            words.text_of(indicator, dashboard.figure(indicator.code)),
            words.remark_on(
                indicator,
                dashboard.figure(indicator.code),
                dashboard.figure(indicator.code, period=before),
            ),
        )
        for indicator in tables.columns(dashboard)
    ]


def _computed(dashboard: Dashboard) -> str:
    return moment(dashboard.run.finished_at) if dashboard.run else ""


def _demo() -> bool:
    """Whether what is shown is made up."""
    return bool(current_app.config["SETTINGS"].demo)
