"""What can be booked. Schedules are public, so nothing is scoped to an actor here."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from appointments.models import ClinicSession, Slot
from appointments.schemas import (
    FURTHEST_DAYS,
    DayOffer,
    DepartmentOffer,
    Kind,
    Pool,
    SlotQuery,
    SlotState,
    SlotView,
)
from core import clock
from core.errors import NotFound
from core.searching import any_contains
from directory.public import in_service

# The days that a department shows in any case; further ones once they can be booked.
STRIP_DAYS = 14
# Kinds that stand in for each other.
CONSULTATIONS = (Kind.GENERAL, Kind.SPECIALIST, Kind.EXPERT)

# The tables themselves, not their classes: these reads stand on the booking path, where the
# ORM's loading would cost more than the query.
SLOT = Slot.__table__
CLINIC = ClinicSession.__table__
CLINIC_COLUMNS = (
    CLINIC.c.institution_id,
    CLINIC.c.institution_name,
    CLINIC.c.department_id,
    CLINIC.c.department_name,
    CLINIC.c.department_name_en,
    CLINIC.c.clinic_name,
    CLINIC.c.doctor_title,
    CLINIC.c.place,
    CLINIC.c.kind,
    CLINIC.c.fee_fen,
    CLINIC.c.example,
)
# Nothing is offered where the institution, the department or the doctor is out of service.
IN_SERVICE = in_service(SLOT.c.institution_id, SLOT.c.department_id, CLINIC.c.staff_id)
SLOTS: Select[Any] = select(
    SLOT.c.id,
    SLOT.c.session_id,
    SLOT.c.date,
    SLOT.c.starts_at,
    SLOT.c.ends_at,
    SLOT.c.capacity,
    SLOT.c.remaining,
    SLOT.c.family_doctor,
    SLOT.c.onsite,
    SLOT.c.elderly,
    SLOT.c.opens_at,
    SLOT.c.closes_at,
    SLOT.c.cancel_until,
    SLOT.c.reserved_until,
    CLINIC.c.stopped_at,
    CLINIC.c.staff_id,
    CLINIC.c.half_day,
    *CLINIC_COLUMNS,
    IN_SERVICE.label("in_service"),
).join_from(SLOT, CLINIC, CLINIC.c.id == SLOT.c.session_id)
ONE_SLOT = SLOTS.where(SLOT.c.id == bindparam("slot_id"))


def clinic_named(text: str) -> ColumnElement[bool]:
    """The condition that a clinic has ``text`` in its own name, its department's or its
    institution's, in a query that joins the sessions.
    """
    return any_contains(
        text,
        CLINIC.c.institution_name,
        CLINIC.c.department_name,
        CLINIC.c.department_name_en,
        CLINIC.c.clinic_name,
    )


def get_slot(session: Session, slot_id: UUID) -> SlotView:
    """Raises NotFound."""
    row = session.execute(ONE_SLOT, {"slot_id": slot_id}).one_or_none()
    if row is None:
        raise NotFound()
    return slot_view(row)


def list_slots(session: Session, query: SlotQuery) -> list[SlotView]:
    """A department's slots of one day, by half-day, clinic and time."""
    found = SLOTS.where(
        SLOT.c.department_id == query.department_id, SLOT.c.date == query.date, IN_SERVICE
    ).order_by(CLINIC.c.half_day.desc(), CLINIC.c.kind, CLINIC.c.clinic_name, SLOT.c.starts_at)
    return [slot_view(row) for row in session.execute(found)]


def list_days(session: Session, department_id: UUID) -> list[DayOffer]:
    """The coming days of a department, today first, with what is free; gapless."""
    today = clock.today()
    kept = func.coalesce(func.sum(SLOT.c.family_doctor).filter(_kept()), 0)
    given_back = and_(_takable(), SLOT.c.reserved_until <= clock.now())
    returned = func.coalesce(func.sum(SLOT.c.remaining).filter(given_back), 0)
    query = (
        select(
            SLOT.c.date,
            func.coalesce(func.sum(SLOT.c.remaining).filter(_takable()), 0).label("free"),
            kept.label("kept"),
            (kept + returned).label("care"),
            func.coalesce(func.sum(SLOT.c.onsite).filter(_onsite()), 0).label("onsite"),
            func.coalesce(func.sum(SLOT.c.elderly).filter(_open()), 0).label("elderly"),
            func.min(SLOT.c.opens_at).filter(SLOT.c.opens_at > clock.now()).label("opens_at"),
        )
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .where(SLOT.c.department_id == department_id, *in_strip(today), IN_SERVICE)
        .group_by(SLOT.c.date)
    )
    known = {row.date: DayOffer.model_validate(row) for row in session.execute(query)}
    last = max((today + timedelta(days=STRIP_DAYS), *known))
    days = [today + timedelta(days=ahead) for ahead in range((last - today).days + 1)]
    return [known.get(day, DayOffer(date=day, free=0)) for day in days]


def department_offers(
    session: Session, department_ids: Collection[UUID]
) -> dict[UUID, DepartmentOffer]:
    """What these departments have free in the coming days, with one statement."""
    query = (
        select(
            SLOT.c.department_id,
            func.sum(SLOT.c.remaining).label("free"),
            func.min(SLOT.c.starts_at).label("earliest"),
        )
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .where(
            SLOT.c.department_id.in_(department_ids),
            *in_strip(clock.today()),
            _takable(),
            IN_SERVICE,
        )
        .group_by(SLOT.c.department_id)
    )
    rows = session.execute(query)
    return {row.department_id: DepartmentOffer.model_validate(row) for row in rows}


def find_nearest(session: Session, wanted: SlotView) -> SlotView | None:
    """The free slot of the same department that comes closest to ``wanted``: the same day
    before another, the same doctor before another, then by time.
    """
    away = func.abs(func.extract("epoch", SLOT.c.starts_at - wanted.starts_at))
    query = (
        SLOTS.where(
            SLOT.c.department_id == wanted.department_id,
            SLOT.c.id != wanted.id,
            *in_strip(clock.today()),
            _takable(),
            IN_SERVICE,
        )
        .order_by(
            SLOT.c.date != wanted.date,
            CLINIC.c.clinic_name != wanted.clinic_name,
            away,
            SLOT.c.starts_at,
        )
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return slot_view(row) if row else None


def find_alternatives(
    session: Session,
    department_id: UUID,
    kind: Kind,
    wanted: datetime,
    such: ColumnElement[bool] | None = None,
    limit: int = 8,
) -> list[SlotView]:
    """Free slots, or ``such``, instead of one at ``wanted`` that is not to be had: of the same
    department, the earliest of each session, those closest in time first. A check-up or a bed is no
    consultation, nor the other way round.
    """
    away = func.abs(func.extract("epoch", SLOT.c.starts_at - wanted))
    nearest = (
        SLOTS.add_columns(away.label("away"))
        .where(
            SLOT.c.department_id == department_id,
            CLINIC.c.kind.in_(CONSULTATIONS if kind in CONSULTATIONS else (kind,)),
            *in_strip(clock.today()),
            _takable() if such is None else such,
            IN_SERVICE,
        )
        .ext(distinct_on(SLOT.c.session_id))
        .order_by(SLOT.c.session_id, away)
        .subquery()
    )
    query = select(nearest).order_by(nearest.c.away, nearest.c.id).limit(limit)
    return [slot_view(row) for row in session.execute(query)]


def has_place(pool: Pool) -> ColumnElement[bool]:
    """The condition that a slot, joined with its session, has a place of this pool to be taken."""
    free = {
        Pool.FAMILY_DOCTOR: (SLOT.c.family_doctor > 0, _kept()),
        Pool.ONSITE: (SLOT.c.onsite > 0, _onsite()),
        Pool.ELDERLY: (SLOT.c.elderly > 0, _open()),
    }
    return and_(*free.get(pool, (_takable(),)))


def slot_view(row: Row[Any]) -> SlotView:
    """A row of ``SLOTS`` with its state at this moment."""
    return SlotView.model_validate({**row._mapping, "state": _state(row)})


def _state(row: Row[Any]) -> SlotState:
    now = clock.now()
    if not row.in_service:
        return SlotState.OUT_OF_SERVICE
    if row.stopped_at is not None:
        return SlotState.STOPPED
    if now >= row.closes_at:
        return SlotState.CLOSED
    if now < row.opens_at:
        return SlotState.NOT_YET
    return SlotState.FREE if row.remaining else SlotState.FULL


def _takable() -> ColumnElement[bool]:
    return and_(SLOT.c.remaining > 0, _open())


def _kept() -> ColumnElement[bool]:
    return and_(SLOT.c.reserved_until > clock.now(), _open())


def _onsite() -> ColumnElement[bool]:
    """Walk-ins come while the slot lasts."""
    today = and_(SLOT.c.date == clock.today(), SLOT.c.ends_at > clock.now())
    return and_(today, CLINIC.c.stopped_at.is_(None))


def _open() -> ColumnElement[bool]:
    now = clock.now()
    return and_(SLOT.c.opens_at <= now, SLOT.c.closes_at > now, CLINIC.c.stopped_at.is_(None))


def in_strip(today: date) -> tuple[ColumnElement[bool], ...]:
    """The days that a department shows: what is open to booking, however far ahead its rule lets
    one look, and what opens by tomorrow; within the usual days also what opens later.
    """
    by_tomorrow = clock.at(today + timedelta(days=2), 0)
    return (
        SLOT.c.date >= today,
        SLOT.c.date <= today + timedelta(days=FURTHEST_DAYS),
        or_(
            SLOT.c.date <= today + timedelta(days=STRIP_DAYS),
            SLOT.c.opens_at < by_tomorrow,
        ),
    )
