"""What counts against patients, for themselves and for the desk that hears their appeals."""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, literal, or_, select
from sqlalchemy.orm import Session

from appointments.models import CountedVisit, Rule, Suspension
from appointments.queries.bookings import BOOKING, circle_of, own_people, units_of
from appointments.queries.offers import CLINIC, SLOT
from appointments.schemas import (
    ONE_VISIT,
    AppealQuery,
    AppealView,
    Because,
    CountedVisitView,
    RecordQuery,
    RecordView,
    State,
    SuspensionView,
    VisitAction,
)
from core import clock
from core.access import Actor, Resource, require
from core.errors import NotFound
from core.paging import Page, read_page
from directory.public import get_institution
from directory.schemas import InstitutionView
from residents.public import Person, matches

COUNTED = CountedVisit.__table__
RULE = Rule.__table__
PATIENT = Person.__table__
# What a visit counts by the rule of its institution; nothing where the patient came.
WEIGHT: ColumnElement[int] = case(
    (BOOKING.c.state == State.NO_SHOW, literal(ONE_VISIT)),
    (
        and_(BOOKING.c.state == State.CANCELLED, BOOKING.c.because == Because.LATE),
        RULE.c.late_cancel_percent,
    ),
    else_=0,
)
MISSED = or_(
    BOOKING.c.state == State.NO_SHOW,
    and_(BOOKING.c.state == State.CANCELLED, BOOKING.c.because == Because.LATE),
)
VISITS: Select[Any] = (
    select(
        BOOKING.c.id.label("booking_id"),
        BOOKING.c.person_id,
        BOOKING.c.institution_id,
        BOOKING.c.date,
        BOOKING.c.starts_at,
        BOOKING.c.state,
        WEIGHT.label("points"),
        COUNTED.c.suspension_id,
        COUNTED.c.suspension_id.is_not(None).label("suspended"),
        RULE.c.no_show_max,
        RULE.c.no_show_days,
        RULE.c.suspend_days,
        CLINIC.c.institution_name,
        CLINIC.c.department_name,
        CLINIC.c.department_name_en,
        CLINIC.c.clinic_name,
        CLINIC.c.doctor_title,
    )
    .join_from(BOOKING, RULE, RULE.c.institution_id == BOOKING.c.institution_id)
    .join(SLOT, SLOT.c.id == BOOKING.c.slot_id)
    .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
    .outerjoin(COUNTED, COUNTED.c.booking_id == BOOKING.c.id)
    .order_by(BOOKING.c.person_id, BOOKING.c.institution_id, BOOKING.c.starts_at)
)


def list_records(session: Session, actor: Actor, query: RecordQuery) -> list[RecordView]:
    """What counts now against a person, or against the actor and their family. Raises Denied."""
    people = [query.person_id] if query.person_id else own_people(session, actor)
    for person_id in people:
        resource = suspension_resource(session, actor, person_id, person_id)
        require(session, actor, VisitAction.READ_RECORD, resource)
    if not people:
        return []
    in_force = suspensions_in_force(session, people)
    counting = or_(
        and_(COUNTED.c.suspension_id.is_(None), within_window()),
        COUNTED.c.suspension_id.in_([each.id for each in in_force]),
    )
    rows = session.execute(VISITS.where(BOOKING.c.person_id.in_(people), WEIGHT > 0, counting))
    suspended = {(each.person_id, each.institution_id): each for each in in_force}
    return [
        _record(list(visits), suspended.get(whose))
        for whose, visits in groupby(rows, key=lambda row: (row.person_id, row.institution_id))
    ]


def suspensions_in_force(session: Session, people: Collection[UUID]) -> Sequence[Suspension]:
    """The suspensions of these people that hold now."""
    query = select(Suspension).where(
        Suspension.person_id.in_(people),
        Suspension.until > clock.now(),
        Suspension.lifted_at.is_(None),
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def find_suspension(session: Session, suspension_id: UUID) -> SuspensionView | None:
    """One suspension, for this room's own reactions to its facts; nobody is asking."""
    row = session.get(Suspension, suspension_id)
    return SuspensionView.model_validate(row) if row else None


def get_suspension(
    session: Session, actor: Actor, suspension_id: UUID, action: VisitAction
) -> SuspensionView:
    """One suspension for what ``action`` says. Raises NotFound or Denied."""
    row = session.get(Suspension, suspension_id, populate_existing=True)
    if row is None:
        raise NotFound()
    units = units_of(row.institution_id, row.division_code)
    resource = suspension_resource(session, actor, row.person_id, suspension_id, units)
    require(session, actor, action, resource)
    return SuspensionView.model_validate(row)


def list_appeals(session: Session, actor: Actor, query: AppealQuery) -> Page[AppealView]:
    """Appeals to an institution, the oldest first. Raises NotFound or Denied."""
    institution = get_institution(session, query.institution_id)
    return list_appeals_of(session, actor, institution, query)


def list_appeals_of(
    session: Session, actor: Actor, institution: InstitutionView, query: AppealQuery
) -> Page[AppealView]:
    """As ``list_appeals``, where the query's institution was read already."""
    units = units_of(institution.id, institution.division_code)
    resource = Resource("Suspension", str(institution.id), units=units, more={"kin": []})
    require(session, actor, VisitAction.READ_APPEALS, resource)
    order = [Suspension.appealed_at, Suspension.id]
    decided = Suspension.decided_at.is_not(None)
    found = (
        select(Suspension, PATIENT.c.name.label("person_name"), *order)
        .join(PATIENT, PATIENT.c.id == Suspension.person_id)
        .where(
            Suspension.institution_id == institution.id,
            Suspension.appealed_at.is_not(None),
            decided if query.decided else ~decided,
        )
    )
    if query.search:
        found = found.where(matches(query.search))
    rows, following = read_page(session, found, order, query, descending=query.decided)
    visits = _visits_of(session, [row[0].id for row in rows])
    items = [
        AppealView(
            **SuspensionView.model_validate(row[0]).model_dump(),
            person_name=row.person_name,
            visits=visits.get(row[0].id, []),
        )
        for row in rows
    ]
    return Page(items=items, next_cursor=following)


def suspension_resource(
    session: Session, actor: Actor, person_id: UUID, about: UUID, units: tuple[str, ...] = ()
) -> Resource:
    """A suspension as the policy sees it; a person's record is asked for under their id."""
    kin = circle_of(session, actor, person_id)["kin"]
    return Resource("Suspension", str(about), person_id, units, {"kin": kin})


def counting_visits(session: Session, person_id: UUID, institution_id: UUID) -> list[Row[Any]]:
    """(booking_id, points) of what counts at an institution and led to no suspension yet."""
    query = VISITS.where(
        BOOKING.c.person_id == person_id,
        BOOKING.c.institution_id == institution_id,
        COUNTED.c.suspension_id.is_(None),
        WEIGHT > 0,
        within_window(),
    )
    return list(session.execute(query))


def within_window() -> ColumnElement[bool]:
    """The visit's day is one of those that the institution's rule counts."""
    return BOOKING.c.date > clock.today() - RULE.c.no_show_days


def _visits_of(
    session: Session, suspension_ids: Collection[UUID]
) -> dict[UUID, list[CountedVisitView]]:
    found: dict[UUID, list[CountedVisitView]] = {}
    for row in session.execute(VISITS.where(COUNTED.c.suspension_id.in_(suspension_ids))):
        found.setdefault(row.suspension_id, []).append(CountedVisitView.model_validate(row))
    return found


def _record(visits: list[Row[Any]], suspension: Suspension | None) -> RecordView:
    first = visits[0]
    return RecordView(
        person_id=first.person_id,
        institution_id=first.institution_id,
        institution_name=first.institution_name,
        points=sum(visit.points for visit in visits if visit.suspension_id is None),
        most=first.no_show_max * ONE_VISIT,
        days=first.no_show_days,
        suspend_days=first.suspend_days,
        visits=[CountedVisitView.model_validate(visit) for visit in visits],
        suspension=SuspensionView.model_validate(suspension) if suspension else None,
    )
