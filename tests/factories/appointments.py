"""Clinics for tests: an institution with rules, a department, a doctor, sessions with slots."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, null, select
from sqlalchemy.orm import Session

from appointments.models import (
    Booking,
    ClinicSession,
    ConductCase,
    ConductRule,
    Rule,
    Slot,
    Suspension,
    Template,
    Ticket,
    Wait,
)
from appointments.schemas import Because, ConductCode, HalfDay, Kind, Precedence, Priority, State
from appointments.services.queue import ensure_release
from appointments.services.timetable import slot_times
from core import clock
from core.ids import new_id
from directory.models import Department, Institution, Staff
from tests.factories.directory import make_department, make_institution, make_staff
from tests.factories.residents import make_person


class Clinic(NamedTuple):
    """Where and whom."""

    institution: Institution
    department: Department
    doctor: Staff


def make_rule(session: Session, institution: Institution, **more: object) -> Rule:
    """The institution's rule, the usual ones unless told otherwise; without quiet hours, as tests
    run at night too.
    """
    values = {"quiet_from": null(), "quiet_until": null()} | more
    rule = Rule(institution_id=institution.id, **values)
    session.add(rule)
    session.flush()
    return rule


def make_clinic(session: Session, institution: Institution | None = None, **rule: object) -> Clinic:
    """A department with a doctor in an institution that takes bookings."""
    if institution is None:
        institution = make_institution(session)
        make_rule(session, institution, **rule)
    department = make_department(session, institution)
    return Clinic(institution, department, make_staff(session, institution, department=department))


def make_template(
    session: Session,
    clinic: Clinic,
    *,
    weekday: int = 1,
    half_day: HalfDay = HalfDay.MORNING,
    kind: Kind = Kind.GENERAL,
    clinic_name: str | None = None,
    capacity: int = 3,
) -> Template:
    """A weekly clinic of the doctor, or of the department under ``clinic_name``."""
    template = Template(
        institution_id=clinic.institution.id,
        department_id=clinic.department.id,
        staff_id=None if clinic_name else clinic.doctor.id,
        clinic_name=clinic_name,
        kind=kind,
        weekday=weekday,
        half_day=half_day,
        room="3 诊室",
        capacity=capacity,
        fee_fen=1200,
    )
    session.add(template)
    session.flush()
    return template


def make_slots(
    session: Session,
    clinic: Clinic,
    *,
    day: date | None = None,
    half_day: HalfDay = HalfDay.MORNING,
    capacity: int = 3,
    kind: Kind = Kind.GENERAL,
) -> list[Slot]:
    """A session of the doctor, by default in three days' time, and its slots in order."""
    day = day or clock.today() + timedelta(days=3)
    institution, department, doctor = clinic
    opened = ClinicSession(
        id=new_id(),
        institution_id=institution.id,
        department_id=department.id,
        staff_id=doctor.id,
        division_code=institution.division_code,
        institution_name=institution.name,
        department_name=department.name,
        clinic_name=doctor.name,
        doctor_title=doctor.title,
        place=f"{department.location} 3 诊室",
        kind=kind,
        date=day,
        half_day=half_day,
        fee_fen=1200,
    )
    session.add(opened)
    session.flush()
    rule = session.get_one(Rule, institution.id)
    slots = [
        Slot(
            id=new_id(),
            session_id=opened.id,
            institution_id=institution.id,
            department_id=department.id,
            division_code=institution.division_code,
            date=day,
            capacity=capacity,
            remaining=capacity,
            **times._asdict(),
        )
        for times in slot_times(rule, kind, day, half_day)
    ]
    session.add_all(slots)
    session.flush()
    return slots


def make_full(session: Session, clinic: Clinic, *, slots: int = 1, **more: Any) -> list[Slot]:
    """A session of so many slots, each of one place that somebody has."""
    opened = make_slots(session, clinic, capacity=1, **more)
    for slot in opened[slots:]:
        session.delete(slot)
    for slot in opened[:slots]:
        make_booking(session, slot, make_person(session).id)
    session.flush()
    return opened[:slots]


def make_booking(session: Session, slot: Slot, person_id: UUID, **more: object) -> Booking:
    """A live booking, its place taken."""
    slot.remaining -= 1
    slot.taken += 1
    slot.issued += 1
    if more.get("state") == State.CANCELLED:
        more.setdefault("because", Because.PATIENT)
    booking = Booking(
        slot_id=slot.id,
        person_id=person_id,
        institution_id=slot.institution_id,
        department_id=slot.department_id,
        division_code=slot.division_code,
        date=slot.date,
        starts_at=slot.starts_at,
        number=slot.issued,
        **more,
    )
    session.add(booking)
    session.flush()
    return booking


def make_wait(session: Session, slot: Slot, person_id: UUID, account_id: UUID) -> Wait:
    """Somebody who waits for the session of this slot."""
    wait = Wait(
        session_id=slot.session_id,
        person_id=person_id,
        account_id=account_id,
        institution_id=slot.institution_id,
        department_id=slot.department_id,
        division_code=slot.division_code,
        date=slot.date,
        priority=Priority.OTHERS,
        offers_end=slot.cancel_until,
    )
    session.add(wait)
    session.flush()
    return wait


def make_suspension(
    session: Session, institution: Institution, person_id: UUID, **more: Any
) -> Suspension:
    """Somebody who may not book at the institution for nine days."""
    now = clock.now()
    suspension = Suspension(
        person_id=person_id,
        institution_id=institution.id,
        institution_name=institution.name,
        division_code=institution.division_code,
        since=now,
        until=now + timedelta(days=9),
        points=300,
        **more,
    )
    session.add(suspension)
    session.flush()
    return suspension


def make_release(
    session: Session, institution: Institution, opens_at: datetime, *, minutes: int = 30, rate: int
) -> UUID:
    """The queue of a release that opens at this moment."""
    return ensure_release(session, institution.id, opens_at, minutes, rate)


def make_conduct_rule(
    session: Session,
    code: ConductCode,
    *,
    review_at: int = 100,
    confirm_at: int | None = None,
    slow_at: int | None = None,
    **more: object,
) -> ConductRule:
    """A rule of conduct that counts within an hour; steps that are not named coincide with the
    next higher one.
    """
    confirm_at = review_at if confirm_at is None else confirm_at
    rule = ConductRule(
        code=code,
        review_at=review_at,
        confirm_at=confirm_at,
        slow_at=confirm_at if slow_at is None else slow_at,
        **({"window_seconds": 3600, "pause_seconds": 20} | more),
    )
    session.add(rule)
    session.flush()
    return rule


def make_case(
    session: Session, institution: Institution, account_id: UUID, person_id: UUID, **more: object
) -> ConductCase:
    """An open review of an account's bookings."""
    case = ConductCase(
        account_id=account_id,
        person_id=person_id,
        institution_id=institution.id,
        institution_name=institution.name,
        division_code=institution.division_code,
        reasons=[{"code": ConductCode.SPEED, "count": 41, "limit": 40}],
        **more,
    )
    session.add(case)
    session.flush()
    return case


def make_ticket(session: Session, booking: Booking, slot: Slot, **more: object) -> Ticket:
    """The booking's patient in the queue of the slot's room, by default due at the slot."""
    given = session.scalar(
        select(func.count())
        .select_from(Ticket)
        .where(Ticket.department_id == slot.department_id, Ticket.date == slot.date)
    )
    values: dict[str, object] = {
        "session_id": slot.session_id,
        "priority": Precedence.ORDINARY,
        "label": f"{(given or 0) + 1:03d}",
        "due_at": slot.starts_at,
        "arrived_at": slot.starts_at,
    }
    ticket = Ticket(
        id=new_id(),
        institution_id=slot.institution_id,
        department_id=slot.department_id,
        division_code=slot.division_code,
        date=slot.date,
        booking_id=booking.id,
        person_id=booking.person_id,
        **(values | more),
    )
    session.add(ticket)
    session.flush()
    return ticket
