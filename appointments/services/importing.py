"""A hospital's own schedule comes in: sessions and slots by its ids, the same document as often as
it likes. What is booked is never lost; what a document does not name stays as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as claim
from sqlalchemy.orm import Session

from appointments.models import ClinicSession, Rule, Slot
from appointments.queries.exchange import exchange_resource
from appointments.schemas import (
    ExchangeAction,
    HalfDay,
    Imported,
    ImportedSession,
    ImportedSlot,
)
from appointments.services import places
from appointments.services.opening import FURTHEST, Names, read_names
from appointments.services.stopping_import import resume_imported, stop_imported
from appointments.services.timetable import Places, allot_each, can_be_booked, slot_between
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.messages import N_
from directory.schemas import DepartmentView, StaffView

NOON = 12


class Named(Protocol):
    """What is published under a name."""

    @property
    def id(self) -> UUID:
        """The portal's id."""

    @property
    def name(self) -> str:
        """As people read it."""


N = TypeVar("N", bound=Named)


@dataclass(frozen=True, slots=True)
class Hospital:
    """What the sessions of one document are read with."""

    names: Names
    rule: Rule


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session belongs: none of this changes under the same id."""

    department: DepartmentView
    doctor: StaffView | None
    clinic: str


def open_import(session: Session, actor: Actor, institution_id: UUID, unit: str | None) -> Hospital:
    """Ask the policy, once for a document, and read what its sessions are read with.

    Raises NotFound, Denied, or Conflict ``no_rule`` where the hospital takes no bookings here.
    """
    resource = exchange_resource(institution_id, unit)
    require(session, actor, ExchangeAction.IMPORT, resource)
    rule = session.get(Rule, institution_id)
    if rule is None:
        raise Conflict("no_rule", N_("这家医院还没有开通预约，请先请管理员设置预约规则。"))
    return Hospital(read_names(session, institution_id), rule)


def import_session(session: Session, hospital: Hospital, given: ImportedSession) -> Imported:
    """Bring one session to what the document says, or change nothing of it; a transaction of its
    own, so that a slot is never held for another session's sake.

    Raises Invalid or Conflict that say what of the row is wrong.
    """
    _check_days(given)
    place = _place_of(hospital.names, given)
    known = _find(session, hospital, given, place)
    if known is None:
        return _create(session, hospital, given, place)
    _check_same(known, given, place)
    changed = _describe(session, known, given, place)
    # First, so that the slots are brought to what is left of the bookings.
    if given.stopped is True:
        changed |= stop_imported(session, known, given.stop_reason)
    elif given.stopped is False:
        changed |= resume_imported(session, known)
    changed |= _bring_slots(session, hospital.rule, known, given)
    return Imported.CHANGED if changed else Imported.UNCHANGED


def _check_days(given: ImportedSession) -> None:
    today = clock.today()
    if not today <= given.date <= today + FURTHEST:
        raise Invalid("wrong_day", N_("日期要在今天和今天之后的 60 天之间。"))
    morning = given.half_day is HalfDay.MORNING
    if any((slot.starts_at.hour < NOON) is not morning for slot in given.slots):
        raise Invalid("wrong_half_day", N_("时段要在这半天之内：上午在 12:00 之前开始。"))


def _place_of(names: Names, given: ImportedSession) -> Place:
    departments = list(names.departments.values())
    department = _named(
        departments,
        given.department,
        Invalid("department_unknown", N_("这家医院没有这个科室，请用门户里的科室名称或编号。")),
    )
    if given.clinic is not None:
        return Place(department, None, given.clinic)
    doctors = list(names.doctors.values())
    in_department = [each for each in doctors if each.department_id == department.id]
    unknown = Invalid(
        "doctor_unknown", N_("这家医院没有这位医生，或有同名的几位，请用门户里的编号。")
    )
    doctor = _named(in_department, given.doctor, None) or _named(doctors, given.doctor, unknown)
    return Place(department, doctor, doctor.name)


def _named(among: Sequence[N], wanted: str | None, otherwise: Invalid | None) -> Any:
    """The one of that id or name. Raises ``otherwise`` where there is none, or several."""
    found = [each for each in among if wanted in (each.name, str(each.id))]
    if len(found) == 1:
        return found[0]
    if otherwise is not None:
        raise otherwise
    return None


def _find(
    session: Session, hospital: Hospital, given: ImportedSession, place: Place
) -> ClinicSession | None:
    """The session of that id, or one opened from a template that the hospital now sends itself."""
    own = and_(
        ClinicSession.institution_id == hospital.rule.institution_id,
        ClinicSession.external_id == given.id,
    )
    query = select(ClinicSession).where(
        or_(own, and_(_same_half_day(given, place), ClinicSession.external_id.is_(None)))
    )
    found = session.scalars(query.with_for_update()).all()
    return next((each for each in found if each.external_id == given.id), None) or next(
        iter(found), None
    )


def _same_half_day(given: ImportedSession, place: Place) -> ColumnElement[bool]:
    who = (
        ClinicSession.staff_id == place.doctor.id
        if place.doctor
        else and_(
            ClinicSession.department_id == place.department.id,
            ClinicSession.clinic_name == place.clinic,
        )
    )
    return and_(ClinicSession.date == given.date, ClinicSession.half_day == given.half_day, who)


def _create(session: Session, hospital: Hospital, given: ImportedSession, place: Place) -> Imported:
    row = _session_row(hospital.names, given, place)
    made = session.scalar(
        claim(ClinicSession).values(**row).on_conflict_do_nothing().returning(ClinicSession.id)
    )
    if made is None:
        raise Conflict(
            "half_day_taken", N_("这位医生或门诊的这半天已有另一场，编号不同；一个半天只能有一场。")
        )
    capacities = [slot.capacity for slot in given.slots]
    shares = allot_each(hospital.rule, capacities)
    slots = [
        _slot_row(row, hospital.rule, given, slot, free)
        for slot, free in zip(given.slots, shares, strict=True)
    ]
    session.execute(insert(Slot), slots)
    return Imported.CREATED


def _session_row(names: Names, given: ImportedSession, place: Place) -> dict[str, Any]:
    institution, doctor = names.institution, place.doctor
    now = clock.now()
    return {
        "id": new_id(),
        "institution_id": institution.id,
        "department_id": place.department.id,
        "staff_id": doctor.id if doctor else None,
        "division_code": institution.division_code,
        "institution_name": institution.name,
        "department_name": place.department.name,
        "department_name_en": place.department.name_en,
        "clinic_name": place.clinic,
        "doctor_title": doctor.title if doctor else "",
        "place": _room(place, given),
        "example": doctor.example if doctor else institution.example,
        "kind": given.kind,
        "date": given.date,
        "half_day": given.half_day,
        "fee_fen": given.fee_fen,
        "external_id": given.id,
        "stopped_at": now if given.stopped else None,
        "stop_reason": given.stop_reason if given.stopped else "",
        "created_at": now,
    }


def _slot_row(
    row: dict[str, Any], rule: Rule, given: ImportedSession, slot: ImportedSlot, free: Places
) -> dict[str, Any]:
    copied = ("institution_id", "department_id", "division_code", "date")
    times = slot_between(rule, given.kind, *_moments(given, slot))
    if not can_be_booked(times):
        raise Invalid(
            "never_open",
            N_("按这家医院的预约规则，有的时段没到放号时间就已截止，谁也约不到。请改规则或时段。"),
        )
    return {
        "id": new_id(),
        "session_id": row["id"],
        **{name: row[name] for name in copied},
        "capacity": slot.capacity,
        "taken": 0,
        "issued": 0,
        **times._asdict(),
        **free._asdict(),
    }


def _check_same(known: ClinicSession, given: ImportedSession, place: Place) -> None:
    """Who has a place has it with this doctor on this day: that is another session."""
    now = (known.date, known.half_day, known.kind, known.department_id, known.staff_id)
    doctor_id = place.doctor.id if place.doctor else None
    then = (given.date, given.half_day, given.kind, place.department.id, doctor_id)
    if now != then or (place.doctor is None and known.clinic_name != place.clinic):
        raise Conflict(
            "session_moved",
            N_("这个编号的门诊已在另一天、另一位医生或另一科室开出。请停掉它，用新编号送新的。"),
        )


def _describe(session: Session, known: ClinicSession, given: ImportedSession, place: Place) -> bool:
    """Fee, room and id as given; whether that changed anything."""
    values = {
        "fee_fen": given.fee_fen,
        "place": _room(place, given),
        "external_id": given.id,
    }
    if all(getattr(known, name) == value for name, value in values.items()):
        return False
    session.execute(update(ClinicSession).where(ClinicSession.id == known.id).values(**values))
    return True


def _bring_slots(
    session: Session, rule: Rule, known: ClinicSession, given: ImportedSession
) -> bool:
    """Slots that are new, or take another number of patients; whether there were any."""
    query = select(
        Slot.id, Slot.starts_at, Slot.ends_at, (Slot.capacity - Slot.excess).label("wanted")
    )
    there = {
        row.starts_at: row for row in session.execute(query.where(Slot.session_id == known.id))
    }
    wanted = dict(zip((_moments(given, slot) for slot in given.slots), given.slots, strict=True))
    _check_times(there, list(wanted))
    shares = dict(zip(wanted, allot_each(rule, [s.capacity for s in given.slots]), strict=True))
    row = {name: getattr(known, name) for name in ("institution_id", "department_id", "date")}
    row |= {"id": known.id, "division_code": known.division_code}
    new = [
        _slot_row(row, rule, given, slot, shares[times])
        for times, slot in wanted.items()
        if times[0] not in there
    ]
    if new:
        session.execute(insert(Slot), new)
    other = [
        (there[times[0]].id, slot.capacity, shares[times])
        for times, slot in wanted.items()
        if times[0] in there and there[times[0]].wanted != slot.capacity
    ]
    return _resize(session, other) or bool(new)


def _check_times(there: dict[datetime, Any], wanted: list[tuple[datetime, datetime]]) -> None:
    for start, end in wanted:
        same = there.get(start)
        if same is not None and same.ends_at != end:
            raise Conflict("slot_moved", N_("已开出的时段不能改起止时间，只能改号数。"))
        if same is None and any(
            row.starts_at < end and start < row.ends_at for row in there.values()
        ):
            raise Conflict("slots_overlap", N_("新时段与这场门诊已开出的时段重叠。"))


def _resize(session: Session, slots: list[tuple[UUID, int, Places]]) -> bool:
    if not slots:
        return False
    places.lock_slots(session, [slot_id for slot_id, _, _ in slots])
    changed = [
        places.reshare(session, slot_id, capacity, free._asdict())
        for slot_id, capacity, free in slots
    ]
    return any(changed)


def _moments(given: ImportedSession, slot: ImportedSlot) -> tuple[datetime, datetime]:
    start = clock.at(given.date, slot.starts_at.hour, slot.starts_at.minute)
    length = timedelta(
        hours=slot.ends_at.hour - slot.starts_at.hour,
        minutes=slot.ends_at.minute - slot.starts_at.minute,
    )
    return start, start + length


def _room(place: Place, given: ImportedSession) -> str:
    return " ".join(part for part in (place.department.location, given.room) if part)
