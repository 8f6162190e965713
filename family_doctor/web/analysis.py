"""/family-doctor/analysis: the managers' analysis, the lists behind it, and both as files."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from core.access import Role
from core.database import transaction
from core.sheets import Sheet, to_csv, to_xlsx
from core.web.access import acting, current_actor, open_to
from core.web.forms import blank, read_query
from core.web.languages import gettext
from core.web.limits import By, costly, limited
from core.web.names import named
from core.web.pager import pager
from family_doctor.queries.analysis.people import export_analysed, list_analysed
from family_doctor.queries.analysis.periods import quarters_offered
from family_doctor.queries.analysis.reading import read_analysis
from family_doctor.queries.analysis.scopes import tabs_of
from family_doctor.schemas import (
    Analysis,
    AnalysisAction,
    AnalysisQuery,
    AnalysisTab,
    PeopleQuery,
)
from family_doctor.web import analysis_panels, analysis_sheets, wording
from family_doctor.web import analysis_words as words

pages = Blueprint("family_doctor_analysis", __name__, url_prefix="/family-doctor/analysis")
MANAGERS = (Role.ADMINISTRATOR, Role.ANALYST, Role.LEADER)
KEEPERS = (Role.ADMINISTRATOR, Role.LEADER)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXPORTS = {"csv": (to_csv, "text/csv; charset=utf-8"), "xlsx": (to_xlsx, XLSX)}
AN_HOUR = timedelta(hours=1)


@pages.get("/")
@costly
@open_to(*MANAGERS)
def overview() -> ResponseReturnValue:
    """An analysis of a unit, place and period."""
    with transaction() as session:
        analysis = read_analysis(session, current_actor(), read_query(AnalysisQuery))
    return render_template("family_doctor/analysis/overview.html", **_screen(analysis))


@pages.get("/export.<any(csv, xlsx):kind>")
@limited(60, AN_HOUR, By.ACCOUNT)
@open_to(*MANAGERS)
def export(kind: str) -> Response:
    """All tables of an analysis as a file."""
    query = read_query(AnalysisQuery)
    with transaction() as session:
        analysis = read_analysis(session, acting(), query, AnalysisAction.EXPORT)
    name = f"analysis-{analysis.tab}-{analysis.place.code}-{analysis.period.start}"
    return _file(analysis_sheets.sheet(analysis, example=_demo()), name, kind)


@pages.get("/people")
@costly
@open_to(*KEEPERS)
def people() -> ResponseReturnValue:
    """The contracts or services behind a figure."""
    query = read_query(PeopleQuery)
    with transaction() as session:
        scope, period, page = list_analysed(session, current_actor(), query)
    asked = query.model_dump(mode="json", exclude_none=True, exclude={"cursor", "limit"})
    return render_template(
        "family_doctor/analysis/people.html",
        query=query,
        scope=scope,
        page=page,
        links=pager(page),
        services=query.figure in analysis_sheets.SERVICES,
        title=gettext(words.MEASURES[query.figure]),
        span=analysis_sheets.span(period),
        wording=wording,
        example=_demo(),
        # What the search keeps, and the way back from it.
        whole={name: value for name, value in asked.items() if name != "search"},
        up=url_for("family_doctor_analysis.overview", **_narrower(asked)),
        exports=_exports("family_doctor_analysis.export_people", asked),
    )


@pages.get("/people.<any(csv, xlsx):kind>")
@limited(20, AN_HOUR, By.ACCOUNT)
@open_to(*KEEPERS)
def export_people(kind: str) -> Response:
    """The list behind a figure as a file."""
    query = read_query(PeopleQuery)
    with transaction() as session:
        _, period, page = export_analysed(session, acting(), query)
    sheet = analysis_sheets.people_sheet(query, period, page.items, example=_demo())
    return _file(sheet, f"analysis-list-{query.figure}-{period.start}", kind)


def _screen(analysis: Analysis) -> dict[str, Any]:
    """What the template shows."""
    return {
        "analysis": analysis,
        "title": analysis_sheets.title(analysis),
        "span": analysis_sheets.span(analysis.period),
        "span_before": analysis_sheets.span(analysis.before),
        "analyses": [
            {
                "label": gettext(label),
                "url": analysis_panels.address(analysis, tab=tab.value),
                "active": tab is analysis.tab,
            }
            for tab, label in words.TABS.items()
            if tab in tabs_of(analysis.scope)
        ],
        "scopes": _scopes(analysis),
        "path": _path(analysis),
        "quarters": [(each, words.quarter_words(each)) for each in _offered(analysis)],
        "given": blank(AnalysisQuery, start=analysis.period.start, end=analysis.period.end),
        "asked": {
            name: value
            for name, value in analysis_panels.asked(analysis).items()
            if value and name not in ("quarter", "start", "end")
        },
        "figures": analysis_panels.figures(analysis),
        "panels": analysis_panels.panels(analysis),
        "hidden_note": "" if analysis.scope.people else words.hidden_note(),
        "legend": analysis_sheets.legend(),
        "exports": _exports("family_doctor_analysis.export", analysis_panels.asked(analysis)),
        "example": _demo(),
    }


def _path(analysis: Analysis) -> list[tuple[str, str]]:
    """The names and addresses of what lies above, the highest first."""
    own: dict[str, Any] = {"village": None}
    if analysis.scope.from_above:
        own |= {"institution_id": None, "team_id": None, "tab": AnalysisTab.PROVIDERS.value}
    found = [
        (
            named(division.name, division.name_en),
            analysis_panels.address(analysis, **own | {"division": division.code}),
        )
        for division in analysis.path
    ]
    if analysis.parent:
        above = {"team_id": None, **analysis_panels.unit(analysis.parent)}
        found.append((named(analysis.parent.name), analysis_panels.address(analysis, **above)))
    return found


def _offered(analysis: Analysis) -> list[str]:
    """The quarters to choose from, the latest first; the one shown is always among them."""
    own = {analysis.quarter} if analysis.quarter else set()
    return sorted({*own, *quarters_offered()}, reverse=True)


def _scopes(analysis: Analysis) -> list[dict[str, Any]]:
    """The actor's other units; none where there is only this one, or the one above it."""
    known = analysis.scope in analysis.scopes or analysis.scope.from_above
    if len(analysis.scopes) < 2 and known:
        return []
    own: dict[str, Any] = {"tab": analysis.tab.value, "quarter": analysis.quarter}
    return [
        {
            "label": named(scope.name),
            "url": url_for(
                "family_doctor_analysis.overview",
                **own | (analysis_panels.unit(scope) or {"division": scope.id}),
            ),
            "active": scope == analysis.scope,
        }
        for scope in analysis.scopes
    ]


def _narrower(asked: dict[str, Any]) -> dict[str, Any]:
    """What of a list's query the analysis knows."""
    return {name: value for name, value in asked.items() if name in AnalysisQuery.model_fields}


def _exports(endpoint: str, query: dict[str, Any]) -> dict[str, str]:
    return {kind: url_for(endpoint, kind=kind, **query) for kind in EXPORTS}


def _file(sheet: Sheet, name: str, kind: str) -> Response:
    write, mimetype = EXPORTS[kind]
    response = Response(write(sheet), content_type=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def _demo() -> bool:
    """Whether what is shown is made up."""
    return bool(current_app.config["SETTINGS"].demo)
