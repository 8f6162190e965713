"""Use cases of weekly clinics. A change holds for sessions that are not open yet: what is open
may be booked, and keeps what it was opened with.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from appointments.models import Rule, Template
from appointments.queries.planning import find_template, template_view
from appointments.queries.schedule import schedule_of
from appointments.schemas import (
    ChangeTemplate,
    CopiedWeek,
    CopyWeek,
    CreateTemplate,
    EndTemplate,
    HalfDay,
    SupplyAction,
    SupplySubject,
    TemplateView,
)
from appointments.services.opening import hold_schedules
from core import clock, history
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from directory.public import get_department, get_institution, staff_by_id
from directory.schemas import InstitutionView

# Constraint → who has a clinic in that half-day already.
FILLED = {
    "ex_appointments_template_doctor_half_day": N_(
        "这位医生在这个半天已有门诊。请换一个半天，或先结束原来的门诊。"
    ),
    "ex_appointments_template_clinic_half_day": N_(
        "这个科室门诊在这个半天已有安排。请换一个半天或名称。"
    ),
}


def create_template(session: Session, actor: Actor, command: CreateTemplate) -> TemplateView:
    """Begin a weekly clinic. Raises NotFound, Denied, Invalid, or Conflict: ``half_day_filled``,
    ``no_rules`` where the institution takes no bookings.
    """
    institution = require_schedule(session, actor, command.department_id)
    require_colleague(session, institution, command.staff_id)
    hold_schedules(session)
    row = Template(id=new_id(), institution_id=institution.id, **command.model_dump())
    with _in_words(session):
        session.add(row)
        session.flush()
    _note(session, actor, row)
    return template_view(session, row.id)


def change_template(
    session: Session, actor: Actor, template_id: UUID, command: ChangeTemplate
) -> TemplateView:
    """Change what was given. Raises NotFound, Denied or Conflict."""
    row, institution = find_template(session, template_id)
    require(session, actor, SupplyAction.CHANGE_SCHEDULE, schedule_of(institution))
    hold_schedules(session)
    values = command.values(emptied=("valid_from", "valid_until"))
    first = values.get("valid_from", row.valid_from)
    last = values.get("valid_until", row.valid_until)
    if first and last and last < first:
        sentence = N_("最后一天不能早于第一天。")
        raise Invalid("period", sentence, fields={"valid_until": sentence})
    with _in_words(session):
        _change(session, actor, row, command.version, values)
    return template_view(session, template_id)


def end_template(
    session: Session, actor: Actor, template_id: UUID, command: EndTemplate
) -> TemplateView:
    """No session after the last day. Raises NotFound, Denied, Invalid or Conflict."""
    row, institution = find_template(session, template_id)
    require(session, actor, SupplyAction.CHANGE_SCHEDULE, schedule_of(institution))
    if command.last_day < clock.today():
        sentence = N_("最后一天不能早于今天。")
        raise Invalid("past", sentence, fields={"last_day": sentence})
    hold_schedules(session)
    if row.valid_from and command.last_day < row.valid_from:
        # It never begins.
        values: dict[str, object] = {"disabled_at": clock.now()}
    else:
        values = {"valid_until": command.last_day}
    _change(session, actor, row, command.version, values)
    return template_view(session, template_id)


def copy_week(session: Session, actor: Actor, command: CopyWeek) -> CopiedWeek:
    """Give another the same weekly clinics; half-days that are filled are left out.

    Raises NotFound (also where there is nothing to copy), Denied or Conflict.
    """
    require_schedule(session, actor, command.department_id)
    target = require_schedule(session, actor, command.to_department_id)
    require_colleague(session, target, command.to_staff_id)
    hold_schedules(session)
    skipped: list[tuple[int, HalfDay]] = []
    rows = _week_of(session, command)
    if not rows:
        raise NotFound("nothing_to_copy", N_("没有可以复制的每周门诊。"))
    for row in rows:
        given = CreateTemplate(
            department_id=command.to_department_id,
            staff_id=command.to_staff_id,
            clinic_name=command.to_clinic_name,
            kind=row.kind,
            weekday=row.weekday,
            half_day=HalfDay(row.half_day),
            # Two do not share a consulting room.
            room="",
            capacity=row.capacity,
            fee_fen=row.fee_fen,
            on_holidays=row.on_holidays,
            valid_from=command.valid_from,
        )
        copied = Template(id=new_id(), institution_id=target.id, **given.model_dump())
        try:
            with _in_words(session):
                session.add(copied)
                session.flush()
        except Conflict as refusal:
            if refusal.code != "half_day_filled":
                raise
            skipped.append((row.weekday, HalfDay(row.half_day)))
        else:
            _note(session, actor, copied)
    return CopiedWeek(made=len(rows) - len(skipped), skipped=skipped)


def require_schedule(session: Session, actor: Actor, department_id: UUID) -> InstitutionView:
    """The institution of a department in service whose schedule the actor may change, with rules.

    Raises NotFound, Denied or Conflict.
    """
    department = get_department(session, department_id)
    institution = get_institution(session, department.institution_id)
    require(session, actor, SupplyAction.CHANGE_SCHEDULE, schedule_of(institution))
    if department.disabled or institution.disabled:
        raise Conflict("out_of_service", N_("这家机构、科室或医生已停用，不能开诊。"))
    if session.get(Rule, institution.id) is None:
        raise Conflict("no_rules", N_("这家机构还没有预约规则。请管理员先在“预约规则”里开放预约。"))
    return institution


def require_colleague(
    session: Session, institution: InstitutionView, staff_id: UUID | None
) -> None:
    """A doctor sits where they work. Raises Invalid or Conflict."""
    if staff_id is None:
        return
    doctor = staff_by_id(session, {staff_id}).get(staff_id)
    if doctor is None or doctor.institution_id != institution.id:
        sentence = N_("请从列出的选项中选择。")
        raise Invalid("unknown", sentence, fields={"staff_id": sentence})
    if doctor.disabled:
        raise Conflict("out_of_service", N_("这家机构、科室或医生已停用，不能开诊。"))


def _week_of(session: Session, command: CopyWeek) -> list[Template]:
    whose = (
        Template.staff_id == command.staff_id
        if command.staff_id
        else Template.clinic_name == command.clinic_name
    )
    query = select(Template).where(
        Template.department_id == command.department_id,
        whose,
        Template.disabled_at.is_(None),
        or_(Template.valid_until.is_(None), Template.valid_until >= clock.today()),
    )
    return list(session.scalars(query.order_by(Template.weekday, Template.half_day.desc())))


def _change(
    session: Session, actor: Actor, row: Template, version: int, values: dict[str, Any]
) -> None:
    shown: dict[str, history.Shown] = {
        name: (name, _iso(getattr(row, name)), _iso(values[name]))
        for name in ("valid_from", "valid_until")
        if name in values
    }
    if "disabled_at" in values:
        shown["disabled_at"] = ("disabled", False, True)
    history.change(session, actor, SupplySubject.TEMPLATE, row, version, values, shown)


def _note(session: Session, actor: Actor, row: Template) -> None:
    names = ("kind", "weekday", "half_day", "room", "capacity", "fee_fen")
    given: dict[str, object] = {name: getattr(row, name) for name in names}
    given |= {"valid_from": _iso(row.valid_from), "valid_until": _iso(row.valid_until)}
    history.note_creation(session, actor, SupplySubject.TEMPLATE, row, given)


def _iso(value: Any) -> str | None:
    return value.isoformat() if value else None


@contextmanager
def _in_words(session: Session) -> Iterator[None]:
    """Turn a half-day that is filled already into Conflict ``half_day_filled``."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        sentence = FILLED.get(str(constraint))
        if sentence is None:
            raise
        raise Conflict("half_day_filled", sentence, fields={"half_day": sentence}) from None
