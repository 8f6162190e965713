"""Who comes to an institution on a day, for its desk."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from appointments.queries.bookings import BOOKING, units_of
from appointments.queries.offers import CLINIC, SLOT
from appointments.schemas import Action, DayListQuery, DayListRow, DepartmentCount, State
from core.access import Actor, Resource, Role, require
from core.paging import HIGHEST_LIMIT, Page, read_page
from directory.public import get_institution, list_institutions
from directory.schemas import InstitutionSearch, InstitutionView
from residents.public import Person, matches

# A number as it is given out at a desk; longer digits are the end of an ID number.
LONGEST_NUMBER = 3
BY_CLINIC: list[ColumnElement[Any]] = [
    BOOKING.c.starts_at,
    CLINIC.c.clinic_name,
    BOOKING.c.number,
    BOOKING.c.id,
]


def desk_institutions(session: Session, actor: Actor) -> list[InstitutionView]:
    """The institutions whose desk the actor keeps, those of whole divisions by their code."""
    found: list[InstitutionView] = []
    for unit in sorted(actor.units(Role.REGISTRAR)):
        if unit.isdigit():
            search = InstitutionSearch(division=unit, bookable=True, limit=HIGHEST_LIMIT)
            found += list_institutions(session, search).items
        else:
            found.append(get_institution(session, UUID(unit)))
    return found


def list_day(session: Session, actor: Actor, query: DayListQuery) -> Page[DayListRow]:
    """The patients expected, by time, clinic and number; cancelled bookings are not among them.

    Raises NotFound or Denied.
    """
    institution = get_institution(session, query.institution_id)
    units = units_of(institution.id, institution.division_code)
    day = Resource("DayList", str(institution.id), units=units)
    require(session, actor, Action.READ_DAY_LIST, day)
    found = (
        select(
            BOOKING.c.id.label("booking_id"),
            BOOKING.c.state,
            BOOKING.c.person_id,
            SLOT.c.ends_at,
            CLINIC.c.department_id,
            CLINIC.c.department_name,
            CLINIC.c.department_name_en,
            CLINIC.c.place,
            Person.name.label("person_name"),
            Person.sex,
            Person.birth_date,
            *BY_CLINIC,
        )
        .join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .join(Person, Person.id == BOOKING.c.person_id)
        .where(*_of_day(query))
    )
    if query.department_id:
        found = found.where(BOOKING.c.department_id == query.department_id)
    if query.search:
        found = found.where(_found_by(query.search.strip()))
    rows, following = read_page(session, found, BY_CLINIC, query)
    return Page(items=[DayListRow.model_validate(row) for row in rows], next_cursor=following)


def count_day(session: Session, query: DayListQuery) -> list[DepartmentCount]:
    """How many patients each department expects; ``list_day`` has asked the policy."""
    found = (
        select(
            CLINIC.c.department_id,
            CLINIC.c.department_name,
            CLINIC.c.department_name_en,
            func.count().label("patients"),
        )
        .join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .where(*_of_day(query))
        .group_by(CLINIC.c.department_id, CLINIC.c.department_name, CLINIC.c.department_name_en)
        .order_by(CLINIC.c.department_name)
    )
    return [DepartmentCount.model_validate(row) for row in session.execute(found)]


def _of_day(query: DayListQuery) -> tuple[ColumnElement[bool], ...]:
    return (
        BOOKING.c.date == query.date,
        BOOKING.c.institution_id == query.institution_id,
        BOOKING.c.state != State.CANCELLED,
    )


def _found_by(text: str) -> ColumnElement[Any]:
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
        return or_(BOOKING.c.number == int(text), matches(text))
    return matches(text)
