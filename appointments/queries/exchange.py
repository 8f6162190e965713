"""The exchange with hospitals, as their systems, their desks and their administrators see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from appointments.models import Booking, ClinicSession, HospitalCall, HospitalLink, HospitalLock
from appointments.queries.bookings import BOOKING, units_of
from appointments.queries.offers import CLINIC, SLOT, clinic_named
from appointments.schemas import (
    Call,
    CallState,
    ExceptionSearch,
    ExchangeAction,
    ExchangeDay,
    ExchangeRow,
    FailedCall,
    LinkView,
    State,
)
from core import clock
from core.access import Actor, Resource, Role, require
from core.errors import NotFound
from core.masking import masked_name
from core.paging import Page, PageQuery, read_page
from directory.public import division_prefix, get_institution, list_institutions
from directory.schemas import InstitutionSearch, InstitutionView
from residents.public import Person

# Who looks after the exchange of an institution: its desk, and who administers it.
KEEPERS = (Role.REGISTRAR, Role.ADMINISTRATOR)
# Calls whose number the hospital keeps, or may keep.
KEPT = (CallState.WAITING, CallState.EXCEPTION, CallState.DONE, CallState.SETTLED)
MOST_DUE = 500


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call is about: a booking in a session that its linked hospital sent itself."""

    booking_id: UUID
    institution_id: UUID
    division_code: str
    person_id: UUID
    state: str
    source: str
    session_id: str
    starts_at: datetime
    fee_fen: int
    enabled: bool


def exchange_resource(institution_id: UUID, unit: str | None) -> Resource:
    """An institution's exchange, asked for by an application whose place is ``unit``."""
    own = str(institution_id)
    return Resource("HospitalExchange", own, units=(own,), more={"application": unit or ""})


def find_subject(session: Session, booking_id: UUID) -> Subject | None:
    """None where the hospital is not linked, or the session is not its own."""
    query = (
        select(
            BOOKING.c.id.label("booking_id"),
            BOOKING.c.institution_id,
            BOOKING.c.division_code,
            BOOKING.c.person_id,
            BOOKING.c.state,
            BOOKING.c.source,
            CLINIC.c.external_id.label("session_id"),
            BOOKING.c.starts_at,
            CLINIC.c.fee_fen,
            HospitalLink.enabled,
        )
        .join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .join(HospitalLink, HospitalLink.institution_id == BOOKING.c.institution_id)
        .where(BOOKING.c.id == booking_id, CLINIC.c.external_id.is_not(None))
    )
    row = session.execute(query).one_or_none()
    return Subject(**row._mapping) if row else None


def due_calls(session: Session) -> list[UUID]:
    """The bookings about which the hospital is to be called now, longest due first."""
    lock = aliased(HospitalCall)
    locked = (
        select(lock.id)
        .where(
            lock.booking_id == HospitalCall.booking_id,
            lock.call == Call.LOCK,
            lock.state == CallState.DONE,
        )
        .exists()
    )
    query = (
        select(HospitalCall.booking_id)
        .where(
            HospitalCall.state == CallState.WAITING,
            HospitalCall.next_at <= clock.now(),
            or_(HospitalCall.call != Call.CONFIRM, locked),
        )
        .order_by(HospitalCall.next_at)
        .limit(MOST_DUE)
    )
    return list(dict.fromkeys(session.scalars(query)))


def unreturned(session: Session) -> list[UUID]:
    """Coming bookings that ended while the hospital keeps their number: a net under the events,
    for ways of ending that announce nothing.
    """
    back = aliased(HospitalCall)
    returned = select(back.id).where(
        back.booking_id == HospitalCall.booking_id, back.call == Call.RETURN
    )
    query = (
        select(HospitalCall.booking_id)
        .join(Booking, Booking.id == HospitalCall.booking_id)
        .where(
            HospitalCall.call == Call.LOCK,
            HospitalCall.state.in_(KEPT),
            Booking.date >= clock.today(),
            Booking.state == State.CANCELLED,
            ~returned.exists(),
        )
        .limit(MOST_DUE)
    )
    return list(session.scalars(query))


def list_exchange_day(
    session: Session, actor: Actor, institution_id: UUID, unit: str | None, query: ExchangeDay
) -> Page[ExchangeRow]:
    """The live bookings of a day in the sessions that the hospital sent. Raises Denied."""
    resource = exchange_resource(institution_id, unit)
    require(session, actor, ExchangeAction.READ_DAY, resource)
    order: list[Any] = [Booking.starts_at, Booking.id]
    found = (
        select(
            Booking.id.label("booking_id"),
            HospitalLock.lock_id,
            ClinicSession.external_id.label("session_id"),
            Booking.number,
            Booking.state,
            Booking.pool,
            Person.name,
            *order,
        )
        .join(SLOT, SLOT.c.id == Booking.slot_id)
        .join(ClinicSession, ClinicSession.id == SLOT.c.session_id)
        .join(Person, Person.id == Booking.person_id)
        .outerjoin(HospitalLock, HospitalLock.booking_id == Booking.id)
        .where(
            Booking.institution_id == institution_id,
            Booking.date == query.date,
            Booking.state != State.CANCELLED,
            ClinicSession.external_id.is_not(None),
        )
    )
    rows, following = read_page(session, found, order, query)
    items = [
        ExchangeRow.model_validate({**row._mapping, "patient": masked_name(row.name)})
        for row in rows
    ]
    return Page(items=items, next_cursor=following)


def list_exceptions(session: Session, actor: Actor, search: ExceptionSearch) -> Page[FailedCall]:
    """Calls that people have to look at, oldest first, or those done by hand, newest first, at the
    institutions that the actor looks after. Raises Denied.
    """
    scope = actor.units(*KEEPERS)
    resource = Resource("ExchangeList", str(actor.account_id), units=tuple(sorted(scope)))
    require(session, actor, ExchangeAction.READ_EXCEPTIONS, resource)
    state = CallState.SETTLED if search.settled else CallState.EXCEPTION
    order: list[Any] = [HospitalCall.created_at, HospitalCall.id]
    found = _exceptions(*order).where(HospitalCall.state == state, _within(scope, HospitalCall))
    if search.search:
        found = found.where(clinic_named(search.search))
    rows, following = read_page(session, found, order, search, descending=search.settled)
    items = [FailedCall.model_validate(row) for row in rows]
    return Page(items=items, next_cursor=following)


def waiting_calls(actor: Actor) -> Select[int]:
    """How many calls wait for people of the actor's institutions."""
    return select(func.count()).where(
        HospitalCall.state == CallState.EXCEPTION, _within(actor.units(*KEEPERS), HospitalCall)
    )


def call_resource(call: HospitalCall) -> Resource:
    """A call in the units of its hospital."""
    units = units_of(call.institution_id, call.division_code)
    return Resource("HospitalCall", str(call.id), units=units)


def exception_view(session: Session, call_id: UUID) -> FailedCall:
    """One call. The caller has asked the policy."""
    query = _exceptions(HospitalCall.id)
    return FailedCall.model_validate(session.execute(query.where(HospitalCall.id == call_id)).one())


def list_links(session: Session, actor: Actor, page: PageQuery) -> Page[LinkView]:
    """The linked hospitals within the actor's units, by name. Raises Denied."""
    scope = actor.units(Role.ADMINISTRATOR)
    resource = Resource("HospitalLink", str(actor.account_id), units=tuple(sorted(scope)))
    require(session, actor, ExchangeAction.ADMINISTER, resource)
    order: list[Any] = [HospitalLink.institution_name, HospitalLink.id]
    found = select(HospitalLink, *order).where(_within(scope, HospitalLink))
    rows, following = read_page(session, found, order, page)
    return Page(items=[LinkView.model_validate(row[0]) for row in rows], next_cursor=following)


def institutions_to_link(
    session: Session, actor: Actor, search: str | None
) -> list[InstitutionView]:
    """Some institutions that take bookings within the actor's units, those of divisions by name;
    ``list_links`` has asked the policy.
    """
    found: list[InstitutionView] = []
    for unit in sorted(actor.units(Role.ADMINISTRATOR)):
        if not unit.isdigit():
            found.append(get_institution(session, UUID(unit)))
        elif search:
            wanted = InstitutionSearch(division=unit, bookable=True, search=search)
            found += list_institutions(session, wanted).items
    return found


def load_link(
    session: Session, actor: Actor, institution_id: UUID
) -> tuple[InstitutionView, HospitalLink | None]:
    """The institution and its link, for who administers it. Raises NotFound or Denied."""
    institution = get_institution(session, institution_id)
    units = units_of(institution_id, institution.division_code)
    resource = Resource("HospitalLink", str(institution_id), units=units)
    require(session, actor, ExchangeAction.ADMINISTER, resource)
    query = select(HospitalLink).where(HospitalLink.institution_id == institution_id)
    return institution, session.scalar(query)


def get_link_secret(session: Session, institution_id: UUID) -> str:
    """What the hospital signs with. Raises NotFound."""
    query = select(HospitalLink.secret).where(HospitalLink.institution_id == institution_id)
    secret = session.scalar(query)
    if secret is None:
        raise NotFound()
    return secret


def _exceptions(*order: Any) -> Any:
    return (
        select(
            HospitalCall.institution_id,
            CLINIC.c.institution_name,
            HospitalCall.booking_id,
            HospitalCall.call,
            HospitalCall.state,
            HospitalCall.attempts,
            HospitalCall.called_at,
            HospitalCall.trouble,
            HospitalCall.note,
            BOOKING.c.starts_at,
            CLINIC.c.department_name,
            CLINIC.c.department_name_en,
            CLINIC.c.clinic_name,
            CLINIC.c.example,
            BOOKING.c.number,
            BOOKING.c.state.label("booking_state"),
            *order,
        )
        .join_from(HospitalCall, BOOKING, BOOKING.c.id == HospitalCall.booking_id)
        .join(SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
    )


def _within(
    scope: frozenset[str], table: type[HospitalCall] | type[HospitalLink]
) -> ColumnElement[bool]:
    """Institutions granted on, and those of the divisions granted on."""
    institutions = [UUID(unit) for unit in scope if not unit.isdigit()]
    divisions = [
        table.division_code.startswith(division_prefix(unit)) for unit in scope if unit.isdigit()
    ]
    return or_(false(), table.institution_id.in_(institutions), *divisions)
