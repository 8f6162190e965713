"""Who comes to an institution on a day, for its desk."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Uuid, bindparam, func, or_, select
from sqlalchemy.orm import Session

from appointments.models import Ticket
from appointments.queries.bookings import BOOKING, units_of
from appointments.queries.offers import CLINIC, SLOT
from appointments.schemas import Action, DayListQuery, DayListRow, DepartmentCount, State
from core.access import Actor, Resource, Role, require
from core.paging import HIGHEST_LIMIT, Listing, Page
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


def chosen_desk(
    session: Session, own: Sequence[InstitutionView], asked: UUID | None
) -> InstitutionView | None:
    """The institution asked for, one's own or not (the list itself asks the policy); else the
    first of one's own. Raises NotFound.
    """
    if asked is None:
        return next(iter(own), None)
    return next((each for each in own if each.id == asked), None) or get_institution(session, asked)


def list_day(session: Session, actor: Actor, query: DayListQuery) -> Page[DayListRow]:
    """The patients expected, by time, clinic and number; cancelled bookings are not among them.

    Raises NotFound or Denied.
    """
    institution = get_institution(session, query.institution_id)
    return list_day_of(session, actor, institution, query)


def list_day_of(
    session: Session, actor: Actor, institution: InstitutionView, query: DayListQuery
) -> Page[DayListRow]:
    """As ``list_day``, where the query's institution was read already."""
    units = units_of(institution.id, institution.division_code)
    day = Resource("DayList", str(institution.id), units=units)
    require(session, actor, Action.READ_DAY_LIST, day)
    listing = DAY
    values: dict[str, object] = {"institution": institution.id, "date": query.date}
    if query.department_id:
        listing, values["department"] = DAY_OF_DEPARTMENT, query.department_id
    if query.search:
        found = _found_by(query.search.strip())
        listing = Listing(_expected(found, department=bool(query.department_id)), BY_CLINIC)
    rows, following = listing.read(session, query, **values)
    return Page(items=[DayListRow.model_validate(row) for row in rows], next_cursor=following)


def count_day(session: Session, query: DayListQuery) -> list[DepartmentCount]:
    """How many patients each department expects; ``list_day`` has asked the policy."""
    values = {"institution": query.institution_id, "date": query.date}
    return [DepartmentCount.model_validate(row) for row in session.execute(BY_DEPARTMENT, values)]


OF_DAY = (
    BOOKING.c.date == bindparam("date", type_=Date()),
    BOOKING.c.institution_id == bindparam("institution", type_=Uuid()),
    BOOKING.c.state != State.CANCELLED,
)
PATIENT = Person.__table__
TICKET = Ticket.__table__


def _expected(*found: ColumnElement[bool], department: bool = False) -> Select[Any]:
    query = (
        select(
            BOOKING.c.id.label("booking_id"),
            BOOKING.c.state,
            BOOKING.c.person_id,
            SLOT.c.ends_at,
            CLINIC.c.department_id,
            CLINIC.c.department_name,
            CLINIC.c.department_name_en,
            CLINIC.c.place,
            TICKET.c.label,
            PATIENT.c.name.label("person_name"),
            PATIENT.c.sex,
            PATIENT.c.birth_date,
            *BY_CLINIC,
        )
        .join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .join(PATIENT, PATIENT.c.id == BOOKING.c.person_id)
        .outerjoin(TICKET, TICKET.c.booking_id == BOOKING.c.id)
        .where(*OF_DAY, *found)
    )
    if department:
        query = query.where(BOOKING.c.department_id == bindparam("department", type_=Uuid()))
    return query


# Built once: a desk asks for them all day.
DAY = Listing(_expected(), BY_CLINIC)
DAY_OF_DEPARTMENT = Listing(_expected(department=True), BY_CLINIC)
BY_DEPARTMENT = (
    select(
        CLINIC.c.department_id,
        CLINIC.c.department_name,
        CLINIC.c.department_name_en,
        func.count().label("patients"),
    )
    .join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
    .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
    .where(*OF_DAY)
    .group_by(CLINIC.c.department_id, CLINIC.c.department_name, CLINIC.c.department_name_en)
    .order_by(CLINIC.c.department_name)
)


def _found_by(text: str) -> ColumnElement[Any]:
    if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER:
        return or_(BOOKING.c.number == int(text), matches(text))
    return matches(text)
