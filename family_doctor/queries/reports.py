"""Work reports as a member, a leader and an administrator may see them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, defer

from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from core.paging import Page, read_page
from core.searching import any_contains
from directory.public import division_path
from family_doctor.models import PointScheme, Report
from family_doctor.periods import Period
from family_doctor.queries.rules import within
from family_doctor.schemas import (
    FigureCode,
    ReportAction,
    ReportEntry,
    ReportSearch,
    ReportView,
)
from family_doctor.schemas.reports import LEAST_ANSWERS, Change, Edition, SchemeUsed
from service_packs.public import rating_words

TREND = 12
# A team's members and editions of a period, and its trend.
MOST_AROUND = 150
CURRENT = Report.superseded_at.is_(None)


def report_resource(row: Report) -> Resource:
    """A report as the policy sees it: the team's, and where it is of one member, theirs."""
    units = (str(row.team_id), str(row.institution_id), *division_path(row.division_code))
    holder = {"holder": {"__entity": {"type": "Account", "id": str(row.account_id)}}}
    return Resource("WorkReport", str(row.id), units=units, more=holder if row.account_id else {})


def load_report(session: Session, actor: Actor, report_id: UUID, action: ReportAction) -> Report:
    """The row, for what ``action`` says. Raises NotFound or Denied."""
    row = session.get(Report, report_id)
    if row is None:
        raise NotFound()
    require(session, actor, action, report_resource(row))
    return row


def list_reports(session: Session, actor: Actor, search: ReportSearch) -> Page[ReportEntry]:
    """The newest editions that the actor may read, the newest period first."""
    query = select(Report, Report.starts_on, Report.id).where(
        CURRENT,
        Report.kind == search.kind,
        Report.staff_id.is_not(None) if search.members else Report.staff_id.is_(None),
        _readable(actor),
    )
    if search.team_id:
        query = query.where(Report.team_id == search.team_id)
    if search.search:
        query = query.where(any_contains(search.search, Report.team_name, Report.staff_name))
    order = [Report.starts_on, Report.id]
    rows, following = read_page(session, query, order, search, descending=True)
    items = [ReportEntry.model_validate(row[0]) for row in rows]
    return Page(items=items, next_cursor=following)


def _readable(actor: Actor) -> ColumnElement[bool]:
    led, run = actor.units(Role.LEADER), actor.units(Role.ADMINISTRATOR)
    units = led | run
    teams = [UUID(unit) for unit in units if not unit.isdigit()]
    return or_(
        Report.account_id == actor.account_id,
        Report.team_id.in_(teams),
        within(units, Report.institution_id, Report.division_code),
    )


def get_report(session: Session, actor: Actor, report_id: UUID) -> ReportView:
    """A report with its trend, its members' and its other editions. Raises NotFound or Denied."""
    row = load_report(session, actor, report_id, ReportAction.READ)
    found = _around(session, row)
    same = [each for each in found if each.staff_id == row.staff_id]
    trend = [each for each in same if each.superseded_at is None][:TREND]
    editions = [each for each in same if each.starts_on == row.starts_on and each.id != row.id]
    before = next((each for each in editions if each.edition == row.edition - 1), None)
    members = [each for each in found if each.staff_id != row.staff_id]
    view = ReportView.model_validate(row)
    scheme = session.get(PointScheme, row.scheme_id) if row.scheme_id else None
    return view.model_copy(
        update={
            "scheme": SchemeUsed.model_validate(scheme) if scheme else None,
            "trend": tuple(ReportEntry.model_validate(each) for each in reversed(trend)),
            "members": _by_points(members),
            "editions": tuple(Edition.model_validate(each) for each in editions),
            "said": _said(session, view),
            "changes": _changes(ReportEntry.model_validate(before), view) if before else (),
        }
    )


def _said(session: Session, report: ReportView) -> tuple[str, ...]:
    if report.staff_id is not None or report.answers < LEAST_ANSWERS:
        return ()
    period = Period(report.kind, report.starts_on, report.ends_on)
    return rating_words(session, report.team_id, period.begins_at, period.ends_at)


def _around(session: Session, row: Report) -> Sequence[Report]:
    """The same report of the periods up to this one and all editions of this one's; of a team also
    the newest of its members. Newest first, with one statement.
    """
    of_period = Report.starts_on == row.starts_on
    same = and_(
        Report.staff_id.is_not_distinct_from(row.staff_id),
        Report.starts_on <= row.starts_on,
        or_(CURRENT, of_period),
    )
    members = and_(of_period, CURRENT, Report.staff_id.is_not(None))
    query = (
        select(Report)
        .options(defer(Report.points), defer(Report.digest))
        .where(
            Report.team_id == row.team_id,
            Report.kind == row.kind,
            same if row.staff_id else or_(same, members),
        )
        .order_by(Report.starts_on.desc(), Report.edition.desc(), Report.id)
        .limit(MOST_AROUND)
    )
    return session.scalars(query).all()


def _by_points(members: Collection[Report]) -> tuple[ReportEntry, ...]:
    entries = [ReportEntry.model_validate(each) for each in members]
    return tuple(sorted(entries, key=lambda each: (-each.total, each.staff_name, each.id)))


def _changes(before: ReportEntry, after: ReportView) -> tuple[Change, ...]:
    """The figures that the newer of two editions corrected, and the points."""
    counts: list[tuple[str, int, int]] = [
        (code, before.figures[code].count, after.figures[code].count)
        for code in FigureCode
        if code in before.figures and code in after.figures
    ]
    counts.append(("points", before.total, after.total))
    return tuple(
        Change(code=code, before=was, after=now) for code, was, now in counts if was != now
    )
