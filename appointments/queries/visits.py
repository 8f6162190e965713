"""Visits that are over, for the desk that says who came."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from appointments.queries.bookings import BOOKING, units_of
from appointments.queries.offers import CLINIC, SLOT
from appointments.schemas import (
    DAYS_TO_MARK,
    DayToMark,
    State,
    VisitAction,
    VisitQuery,
    VisitRow,
)
from core import clock
from core.access import Actor, Resource, require
from core.paging import Page, read_page
from directory.public import get_institution
from directory.schemas import InstitutionView
from residents.public import Person, matches

PATIENT = Person.__table__
MARKED = (State.ATTENDED, State.NO_SHOW)
BY_CLINIC: list[ColumnElement[Any]] = [
    CLINIC.c.department_name,
    CLINIC.c.clinic_name,
    BOOKING.c.starts_at,
    BOOKING.c.number,
    BOOKING.c.id,
]


def list_visits(session: Session, actor: Actor, query: VisitQuery) -> Page[VisitRow]:
    """The patients of a day that is over, by clinic and time. Raises NotFound or Denied."""
    institution = get_institution(session, query.institution_id)
    return list_visits_of(session, actor, institution, query)


def list_visits_of(
    session: Session, actor: Actor, institution: InstitutionView, query: VisitQuery
) -> Page[VisitRow]:
    """As ``list_visits``, where the query's institution was read already."""
    units = units_of(institution.id, institution.division_code)
    day = Resource("Visit", str(institution.id), units=units)
    require(session, actor, VisitAction.READ_VISITS, day)
    found = (
        select(
            BOOKING.c.id.label("booking_id"),
            BOOKING.c.state,
            BOOKING.c.person_id,
            SLOT.c.session_id,
            SLOT.c.ends_at,
            CLINIC.c.half_day,
            CLINIC.c.department_name_en,
            CLINIC.c.doctor_title,
            PATIENT.c.name.label("person_name"),
            *BY_CLINIC,
        )
        .join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .join(PATIENT, PATIENT.c.id == BOOKING.c.person_id)
        .where(
            BOOKING.c.institution_id == institution.id,
            BOOKING.c.date == query.date,
            BOOKING.c.date < clock.today(),
            BOOKING.c.state.in_(MARKED if query.marked else (State.BOOKED,)),
        )
    )
    if query.search:
        found = found.where(matches(query.search))
    rows, following = read_page(session, found, BY_CLINIC, query)
    return Page(items=[VisitRow.model_validate(row) for row in rows], next_cursor=following)


def days_to_mark(session: Session, institution_id: UUID) -> list[DayToMark]:
    """The days that can still be marked, newest first, gapless; ``list_visits`` asks the policy."""
    today = clock.today()
    query = (
        select(BOOKING.c.date, func.count().label("count"))
        .where(
            BOOKING.c.institution_id == institution_id,
            BOOKING.c.date >= today - timedelta(days=DAYS_TO_MARK),
            BOOKING.c.date < today,
            BOOKING.c.state == State.BOOKED,
        )
        .group_by(BOOKING.c.date)
    )
    known = {row.date: row.count for row in session.execute(query)}
    days = [today - timedelta(days=ago) for ago in range(1, DAYS_TO_MARK + 1)]
    return [DayToMark(date=day, count=known.get(day, 0)) for day in days]


def sessions_to_settle(session: Session) -> list[UUID]:
    """The sessions of the last days, with visits that nobody has marked."""
    today = clock.today()
    query = (
        select(SLOT.c.session_id)
        .join(BOOKING, BOOKING.c.slot_id == SLOT.c.id)
        .where(
            BOOKING.c.date >= today - timedelta(days=DAYS_TO_MARK),
            BOOKING.c.date < today,
            BOOKING.c.state == State.BOOKED,
        )
        .distinct()
    )
    return sorted(session.scalars(query))
