"""What members, leaders and administrators see of work reports and of the schemes of points."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Denied
from core.ids import new_id
from family_doctor.models import PointScheme, Report
from family_doctor.periods import period_around, period_before
from family_doctor.queries.points import list_schemes, scheme_place
from family_doctor.queries.reports import list_reports, report_resource
from family_doctor.queries.rules import region_code
from family_doctor.schemas import PointAction, ReportAction, ReportKind, ReportSearch
from family_doctor.services.reports import make_reports
from tests.integration.security.listing import Listing, pages
from tests.integration.security.region import Region


def work(session: Session, region: Region) -> list[Listing]:
    """Reports of every team and its members; schemes of the region and of each team's place."""
    week = period_before(period_around(ReportKind.WEEK, clock.today()))
    make_reports(session, week, {team.id for team in region.teams})
    reports = {row.id: report_resource(row) for row in session.scalars(select(Report))}
    places: set[tuple[UUID | None, str]] = {(None, region_code(session))}
    places |= {(team.institution_id, team.division_code) for team in region.teams}
    schemes = {}
    for institution_id, division in sorted(places, key=str):
        row = PointScheme(
            id=new_id(),
            institution_id=institution_id,
            division_code=division,
            number=1,
            valid_from=clock.today(),
            document={},
        )
        session.add(row)
        schemes[row.id] = scheme_place(institution_id, division)
    session.flush()

    def listed(actor: Actor) -> Iterator[UUID]:
        for members in (False, True):
            search = ReportSearch(members=members)
            found = pages(lambda page: list_reports(session, actor, page), search)
            yield from (row.id for row in found)

    def set_by(actor: Actor) -> Iterator[UUID]:
        try:
            yield from (row.id for row in list_schemes(session, actor).items)
        except Denied:
            return

    return [
        Listing("work reports", listed, reports, ReportAction.READ),
        Listing("schemes of points", set_by, schemes, PointAction.READ),
    ]
