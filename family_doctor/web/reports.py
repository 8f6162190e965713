"""/family-doctor/reports: work reports, and the rows behind each of their figures."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from core.access import Role, decide
from core.database import transaction
from core.paging import DEFAULT_LIMIT
from core.searching import SearchQuery
from core.web.access import current_actor, open_to
from core.web.forms import read_query
from core.web.languages import gettext
from core.web.limits import costly
from core.web.pager import pager
from core.web.writes import write
from family_doctor.queries.report_rows import list_counted, shows_names
from family_doctor.queries.reports import (
    get_report,
    list_reports,
    load_report,
    report_resource,
)
from family_doctor.schemas import (
    FigureCode,
    Remade,
    ReportAction,
    ReportEntry,
    ReportSearch,
)
from family_doctor.services import reports as services
from family_doctor.web import report_words, wording
from service_packs.public import item_names

# A team looks at the last two months, week by week; an administrator at many teams.
TEAMS_OWN, MANY = 8, DEFAULT_LIMIT
READERS = (Role.LEADER, Role.MEMBER, Role.ADMINISTRATOR)
LEADING = (Role.LEADER, Role.ADMINISTRATOR)
pages = Blueprint("family_doctor_reports", __name__, url_prefix="/family-doctor/reports")


@pages.context_processor
def name_things() -> dict[str, object]:
    """Give the templates the words."""
    return {"wording": wording, "words": report_words}


@pages.get("/")
@open_to(*READERS)
def listing() -> ResponseReturnValue:
    """The reports that one may read: a member their own, who leads also the teams'."""
    actor = current_actor()
    leads = bool(actor.units(*LEADING))
    own_team = not actor.units(Role.ADMINISTRATOR)
    search = read_query(ReportSearch, limit=TEAMS_OWN if own_team else MANY)
    if not leads:
        search = search.model_copy(update={"members": True})
    with transaction() as session:
        found = list_reports(session, actor, search)
    return render_template(
        "family_doctor/reports/list.html",
        reports=found.items,
        pager=pager(found),
        search=search,
        leads=leads,
        own_team=own_team,
    )


@pages.get("/<uuid:report_id>")
@open_to(*READERS)
def show(report_id: UUID) -> ResponseReturnValue:
    """One report."""
    actor = current_actor()
    with transaction() as session:
        report = get_report(session, actor, report_id)
        names = item_names(session, {line.item_code for line in report.points if line.item_code})
        row = load_report(session, actor, report_id, ReportAction.READ)
        may_remake = decide(actor, ReportAction.REMAKE, report_resource(row))[0]
    return render_template(
        "family_doctor/reports/one.html",
        report=report,
        lines=report_words.lines(report),
        points=report_words.points_line(report),
        items=names,
        may_remake=may_remake and report.superseded_at is None,
    )


@pages.get("/<uuid:report_id>/figures/<code>")
@costly
@open_to(*READERS)
def rows(report_id: UUID, code: str) -> ResponseReturnValue:
    """What a figure counted."""
    actor, search = current_actor(), read_query(SearchQuery, limit=50)
    with transaction() as session:
        found = list_counted(session, actor, report_id, code, search)
        row = load_report(session, actor, report_id, ReportAction.READ)
        report = ReportEntry.model_validate(row)
        named_here = shows_names(actor, row)
    return render_template(
        "family_doctor/reports/rows.html",
        report=report,
        code=FigureCode(code),
        search=search,
        named_here=named_here,
        rows=found.items,
        pager=pager(found),
    )


@pages.post("/<uuid:report_id>/remake")
@open_to(*LEADING)
def remake(report_id: UUID) -> ResponseReturnValue:
    """Look whether something came late, and correct the report by a new edition."""
    done = write(
        Remade, lambda session: services.remake_report(session, current_actor(), report_id)
    )
    if done.changed:
        flash(gettext("有补录或撤回，已做成第 %(edition)s 版。", edition=done.edition), "good")
    else:
        flash(gettext("核对过了，和原来一样，没有新的版本。"), "info")
    return redirect(url_for("family_doctor_reports.show", report_id=done.report_id), 303)
