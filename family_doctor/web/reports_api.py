"""/api/v1/family-doctor/reports: work reports and the rows behind each of their figures."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.paging import Page
from core.searching import SearchQuery
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.limits import costly
from core.web.writes import write
from family_doctor.queries.report_rows import list_counted
from family_doctor.queries.reports import get_report, list_reports
from family_doctor.schemas import (
    CountedRow,
    Remade,
    ReportEntry,
    ReportSearch,
    ReportView,
)
from family_doctor.services import reports as services

READERS = (Role.LEADER, Role.MEMBER, Role.ADMINISTRATOR)
api = room_api("family_doctor_reports", "Family doctor", "family-doctor")


@api.get("/reports")
@api.input(ReportSearch, location="query", arg_name="search")
@api.output(Page[ReportEntry])
@api.doc(**SECURED)
@open_to(*READERS)
def reports(search: ReportSearch) -> Page[ReportEntry]:
    """The reports that one may read in their newest edition, the newest period first."""
    with transaction() as session:
        return list_reports(session, current_actor(), search)


@api.get("/reports/<uuid:report_id>")
@api.output(ReportView)
@api.doc(**SECURED)
@open_to(*READERS)
def report(report_id: UUID) -> ReportView:
    """One edition of a report, with its points line by line and the trend."""
    with transaction() as session:
        return get_report(session, current_actor(), report_id)


@api.get("/reports/<uuid:report_id>/figures/<code>")
@api.input(SearchQuery, location="query", arg_name="page")
@api.output(Page[CountedRow])
@api.doc(**SECURED)
@costly
@open_to(*READERS)
def counted(report_id: UUID, code: str, page: SearchQuery) -> Page[CountedRow]:
    """What a figure counted, in the order of time."""
    with transaction() as session:
        return list_counted(session, current_actor(), report_id, code, page)


@api.post("/reports/<uuid:report_id>/remake")
@api.output(Remade)
@api.doc(**SECURED)
@open_to(Role.LEADER, Role.ADMINISTRATOR)
def remake(report_id: UUID) -> Remade:
    """Make the period again; where something came late or was withdrawn, it is a new edition."""
    return write(
        Remade, lambda session: services.remake_report(session, current_actor(), report_id)
    )
