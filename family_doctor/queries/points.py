"""The schemes of performance points: which holds when, and what a new one would have given."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from directory.public import division_path, get_institution
from family_doctor.figures import give_points, total_of
from family_doctor.models import PointScheme, Report
from family_doctor.queries.rules import region_code, within
from family_doctor.schemas import (
    PointAction,
    Preview,
    PreviewLine,
    PreviewScheme,
    ReportEntry,
    ReportKind,
    SchemeList,
    SchemeValues,
    SchemeView,
)

# Of several that have begun the latest holds; of those of one day the last made.
LATEST = (PointScheme.valid_from.desc(), PointScheme.number.desc())
MOST_TEAMS = 200


def scheme_place(institution_id: UUID | None, division_code: str) -> Resource:
    """The schemes of an institution, or of the whole region, as the policy sees them."""
    own = (str(institution_id),) if institution_id else ()
    units = (*own, *division_path(division_code))
    return Resource("PointScheme", str(institution_id or division_code), units=units)


def require_place(
    session: Session, actor: Actor, institution_id: UUID | None, action: PointAction
) -> tuple[str, str]:
    """The name and division of the institution, or of the region, for what ``action`` says of its
    schemes. Raises NotFound or Denied.
    """
    name, division = "", ""
    if institution_id:
        found = get_institution(session, institution_id)
        name, division = found.name, found.division_code
    else:
        division = region_code(session)
    require(session, actor, action, scheme_place(institution_id, division))
    return name, division


def schemes_on(session: Session, day: date) -> dict[UUID | None, SchemeView]:
    """The scheme that holds on a day for each institution with one of its own, and at None the
    region's.
    """
    query = (
        select(PointScheme)
        .where(PointScheme.valid_from <= day)
        .order_by(PointScheme.institution_id, *LATEST)
    )
    found: dict[UUID | None, SchemeView] = {}
    for row in session.scalars(query):
        found.setdefault(row.institution_id, scheme_view(row))
    return found


def scheme_view(row: PointScheme, in_force: Collection[UUID] = ()) -> SchemeView:
    """A version as it is shown."""
    return SchemeView(
        id=row.id,
        institution_id=row.institution_id,
        institution_name=row.institution_name,
        number=row.number,
        valid_from=row.valid_from,
        values=SchemeValues.model_validate(row.document),
        example=row.example,
        made_at=row.made_at,
        made_by_name=row.made_by_name,
        in_force=row.id in in_force,
    )


def list_schemes(session: Session, actor: Actor) -> SchemeList:
    """The versions within the administrator's units, the region's first. Raises Denied."""
    scope = actor.units(Role.ADMINISTRATOR)
    own = Resource("PointScheme", "own", units=tuple(sorted(scope)))
    require(session, actor, PointAction.READ, own)
    query = (
        select(PointScheme)
        .where(within(scope, PointScheme.institution_id, PointScheme.division_code))
        .order_by(
            PointScheme.institution_id.is_not(None),
            PointScheme.institution_name,
            PointScheme.institution_id,
            *LATEST,
        )
    )
    rows = session.scalars(query).all()
    today = clock.today()
    holds: dict[UUID | None, UUID] = {}
    for row in rows:
        if row.valid_from <= today:
            holds.setdefault(row.institution_id, row.id)
    return SchemeList(items=[scheme_view(row, holds.values()) for row in rows])


def get_scheme(session: Session, actor: Actor, scheme_id: UUID) -> SchemeView:
    """One version. Raises NotFound or Denied."""
    row = session.get(PointScheme, scheme_id)
    if row is None:
        raise NotFound()
    place = scheme_place(row.institution_id, row.division_code)
    require(session, actor, PointAction.READ, place)
    return scheme_view(row)


def scheme_to_copy(session: Session, actor: Actor, institution_id: UUID | None) -> SchemeValues:
    """The values that hold for an institution or the region now, for a new version to begin with.
    Raises NotFound or Denied.
    """
    require_place(session, actor, institution_id, PointAction.CHANGE)
    holds = schemes_on(session, clock.today())
    found = holds.get(institution_id) or holds.get(None)
    return found.values if found else SchemeValues()


def preview_scheme(session: Session, actor: Actor, command: PreviewScheme) -> Preview:
    """The points that the teams of an institution, or of the region, would have had in the newest
    month of reports. Raises NotFound or Denied.
    """
    require_place(session, actor, command.institution_id, PointAction.CHANGE)
    reports = [
        Report.kind == ReportKind.MONTH,
        Report.staff_id.is_(None),
        Report.superseded_at.is_(None),
    ]
    if command.institution_id:
        reports.append(Report.institution_id == command.institution_id)
    newest = (
        select(Report.starts_on)
        .where(*reports)
        .order_by(Report.starts_on.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(Report)
        .where(*reports, Report.starts_on == newest)
        .order_by(Report.team_name, Report.team_id)
        .limit(MOST_TEAMS)
    )
    found = [ReportEntry.model_validate(row) for row in session.scalars(query)]
    lines = tuple(
        PreviewLine(
            team_id=each.team_id,
            team_name=each.team_name,
            total=each.total,
            proposed=total_of(give_points(each.figures, command)),
        )
        for each in found
    )
    return Preview(starts_on=found[0].starts_on if found else None, lines=lines)


def scheme_of(schemes: dict[UUID | None, SchemeView], institution_id: UUID) -> SchemeView | None:
    """An institution's own, else the region's."""
    return schemes.get(institution_id) or schemes.get(None)
