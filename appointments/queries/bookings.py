"""Bookings as their owner and the registrar may see them."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, not_, select
from sqlalchemy.orm import Session

from appointments.models import Booking, Ticket
from appointments.queries.at_hospital import ASKED_SINCE, LOCK, LOCK_COLUMNS, word_of_hospital
from appointments.queries.offers import CLINIC, CLINIC_COLUMNS, SLOT, clinic_named
from appointments.schemas import (
    Action,
    AtHospital,
    BookingQuery,
    BookingView,
    Call,
    State,
    TicketState,
    When,
)
from core import clock
from core.access import Actor, Resource, require
from core.errors import NotFound
from core.paging import Page, read_page
from directory.public import division_path
from directory.schemas import Kind
from residents.public import Person, acting, care_units, representatives_of, represented_by

BOOKING, PATIENT = Booking.__table__, Person.__table__
# What still leads to a visit.
LIVE = (State.HELD, State.BOOKED)
BOOKINGS = (
    select(
        BOOKING.c.slot_id,
        BOOKING.c.person_id,
        PATIENT.c.name.label("person_name"),
        BOOKING.c.state,
        BOOKING.c.pool,
        BOOKING.c.source,
        BOOKING.c.number,
        BOOKING.c.date,
        BOOKING.c.division_code,
        BOOKING.c.created_at,
        BOOKING.c.held_until,
        BOOKING.c.cancelled_at,
        BOOKING.c.because,
        BOOKING.c.changed_from,
        exists()
        .where(Ticket.booking_id == BOOKING.c.id, Ticket.state != TicketState.LEFT)
        .label("checked_in"),
        SLOT.c.ends_at,
        SLOT.c.cancel_until,
        *CLINIC_COLUMNS,
        *LOCK_COLUMNS,
        ASKED_SINCE,
        BOOKING.c.starts_at,
        BOOKING.c.id,
    )
    .join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
    .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
    .join(PATIENT, PATIENT.c.id == BOOKING.c.person_id)
    .outerjoin(LOCK, and_(LOCK.c.booking_id == BOOKING.c.id, LOCK.c.call == Call.LOCK))
)
BY_TIME: list[ColumnElement[Any]] = [BOOKING.c.starts_at, BOOKING.c.id]
# Built once: a resident's home asks it.
NEXT = (
    BOOKINGS.where(
        BOOKING.c.person_id == bindparam("person"),
        BOOKING.c.state == State.BOOKED,
        SLOT.c.ends_at > bindparam("now"),
    )
    .order_by(*BY_TIME)
    .limit(1)
)


def units_of(institution_id: UUID, division_code: str) -> tuple[str, ...]:
    """The units a slot or booking lies in, nearest first."""
    return (str(institution_id), *division_path(division_code))


def get_booking(
    session: Session, actor: Actor, booking_id: UUID, action: Action = Action.READ_BOOKING
) -> BookingView:
    """One booking, for reading or for what ``action`` says. Raises NotFound or Denied."""
    row = session.execute(BOOKINGS.where(BOOKING.c.id == booking_id)).one_or_none()
    if row is None:
        raise NotFound()
    units = units_of(row.institution_id, row.division_code)
    circle = circle_of(session, actor, row.person_id)
    booking = Resource("Booking", str(booking_id), row.person_id, units, circle)
    require(session, acting(actor, row.person_id, circle["kin"]), action, booking)
    return booking_view(row._mapping)


def get_bookings(
    session: Session, actor: Actor, booking_ids: Collection[UUID]
) -> list[BookingView]:
    """Several bookings of the actor's family, by time and number, in few statements.

    Raises NotFound or Denied.
    """
    query = BOOKINGS.where(BOOKING.c.id.in_(booking_ids)).order_by(*BY_TIME)
    rows = session.execute(query).all()
    if len(rows) < len(set(booking_ids)):
        raise NotFound()
    circles = _own_circles(session, actor)
    for row in rows:
        units = units_of(row.institution_id, row.division_code)
        circle = circles.get(row.person_id, {"kin": [], "care": []})
        booking = Resource("Booking", str(row.id), row.person_id, units, circle)
        require(session, actor, Action.READ_BOOKING, booking)
    return [booking_view(row._mapping) for row in rows]


def find_booking(session: Session, booking_id: UUID) -> BookingView | None:
    """One booking, for this room's own reactions to its facts; nobody is asking."""
    row = session.execute(BOOKINGS.where(BOOKING.c.id == booking_id)).one_or_none()
    return booking_view(row._mapping) if row else None


def hold_booking(session: Session, booking_id: UUID) -> BookingView:
    """A booking as it is now, which nobody else moves before this transaction ends. Slots are
    locked before their bookings.
    """
    query = BOOKINGS.where(BOOKING.c.id == booking_id)
    row = session.execute(query.with_for_update(of=BOOKING, key_share=True)).one()
    return booking_view(row._mapping)


def list_bookings(session: Session, actor: Actor, query: BookingQuery) -> Page[BookingView]:
    """Bookings of a person, or of the actor and their family: the coming ones soonest first, else
    newest first. Raises Denied.
    """
    if query.person_id:
        circles = {query.person_id: circle_of(session, actor, query.person_id)}
    else:
        circles = _own_circles(session, actor)
    people = list(circles)
    for person_id, circle in circles.items():
        asked = Resource("Booking", str(person_id), person_id, more=circle)
        require(session, actor, Action.READ_BOOKING, asked)
    if not people:
        return Page(items=[])
    found = BOOKINGS.where(BOOKING.c.person_id.in_(people))
    if query.when is not None:
        found = found.where(_coming() if query.when is When.COMING else not_(_coming()))
    if query.search:
        found = found.where(clinic_named(query.search))
    rows, following = read_page(
        session, found, BY_TIME, query, descending=query.when is not When.COMING
    )
    return Page(items=[booking_view(row._mapping) for row in rows], next_cursor=following)


def next_booking(session: Session, actor: Actor) -> BookingView | None:
    """The actor's own next visit."""
    if actor.person_id is None:
        return None
    circle = circle_of(session, actor, actor.person_id)
    own = Resource("Booking", str(actor.person_id), actor.person_id, more=circle)
    require(session, actor, Action.READ_BOOKING, own)
    row = session.execute(NEXT, {"person": actor.person_id, "now": clock.now()}).one_or_none()
    return booking_view(row._mapping) if row else None


def booking_facts(session: Session, start: date, end: date) -> list[tuple[str, int, int]]:
    """Bookings for visits on ``start`` ≤ day < ``end``: (division of the institution, all that
    were made, how many of them were cancelled).
    """
    cancelled = func.count().filter(BOOKING.c.state == State.CANCELLED)
    query = (
        select(BOOKING.c.division_code, func.count(), cancelled)
        .where(BOOKING.c.date >= start, BOOKING.c.date < end)
        .group_by(BOOKING.c.division_code)
        .order_by(BOOKING.c.division_code)
    )
    return [(division, booked, ended) for division, booked, ended in session.execute(query)]


def coming_bookings(session: Session, kind: Kind, subject_id: UUID) -> int:
    """How many visits are booked and still to come at an institution, a department or a doctor;
    whoever asks has asked the policy.
    """
    column = {
        Kind.INSTITUTION: BOOKING.c.institution_id,
        Kind.DEPARTMENT: BOOKING.c.department_id,
        Kind.STAFF: CLINIC.c.staff_id,
    }[kind]
    query = (
        select(func.count())
        .select_from(BOOKING)
        .join(SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .where(column == subject_id, BOOKING.c.date >= clock.today(), _coming())
    )
    return session.execute(query).scalar_one()


def booking_view(values: Mapping[Any, Any]) -> BookingView:
    """The columns of ``BOOKINGS`` as a view at this moment."""
    now = clock.now()
    # Who is here tells the desk.
    live = values["state"] in LIVE and not values["checked_in"]
    cancellable = live and now < values["starts_at"]
    free = live and (now < values["cancel_until"] or values["state"] == State.HELD)
    word = word_of_hospital(values)
    return BookingView.model_validate(
        {
            **values,
            "cancellable": cancellable,
            "free_to_cancel": free,
            "hospital": word,
            "hospital_number": values["their_number"] if word is AtHospital.KEPT else "",
        }
    )


def _coming() -> ColumnElement[bool]:
    return and_(BOOKING.c.state.in_(LIVE), SLOT.c.ends_at > clock.now())


def own_people(session: Session, actor: Actor) -> list[UUID]:
    """The actor and those they may act for."""
    if actor.person_id is None:
        return []
    family = represented_by(session, actor.person_id) if actor.verified else ()
    return [actor.person_id, *sorted(family)]


def _own_circles(session: Session, actor: Actor) -> dict[UUID, dict[str, list[str]]]:
    """Of the actor and all for whom they may act, as ``circle_of``, with one statement."""
    if actor.person_id is None:
        return {}
    family = represented_by(session, actor.person_id) if actor.verified else ()
    own: dict[str, list[str]] = {"kin": [], "care": []}
    kin = own | {"kin": [str(actor.person_id)]}
    return {actor.person_id: own} | dict.fromkeys(sorted(family), kin)


def circle_of(session: Session, actor: Actor, person_id: UUID) -> dict[str, list[str]]:
    """Who may act for the patient and which units care for them, as the policy asks; looked up
    only where somebody else acts.
    """
    own = actor.person_id == person_id
    kin = () if own else representatives_of(session, person_id)
    care = () if own else care_units(session, person_id)
    return {"kin": sorted(map(str, kin)), "care": sorted(care)}
