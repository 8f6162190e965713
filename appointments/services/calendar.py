"""Use cases of days that differ: of one weekly clinic, of an institution, of the whole region."""

from datetime import date
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.models import Holiday, Rule, TemplateException
from appointments.queries.planning import exception_view, find_template
from appointments.queries.schedule import schedule_of
from appointments.schemas import (
    ExceptionView,
    HolidayView,
    SetException,
    SetHoliday,
    SupplyAction,
)
from appointments.services.opening import hold_schedules
from core import clock
from core.access import Actor, Resource, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.messages import N_
from directory.public import get_institution, region_unit


def set_exception(session: Session, actor: Actor, command: SetException) -> ExceptionView:
    """Say how a day differs; said again for the same day, the later holds.

    Raises NotFound, Denied, Invalid or Conflict.
    """
    institution = get_institution(session, command.institution_id)
    require(session, actor, SupplyAction.CHANGE_SCHEDULE, schedule_of(institution))
    _require_coming(command.date, "date")
    if session.get(Rule, institution.id) is None:
        raise Conflict("no_rules", N_("这家机构还没有预约规则。请管理员先在“预约规则”里开放预约。"))
    if command.template_id:
        template, _ = find_template(session, command.template_id)
        if template.institution_id != institution.id:
            raise NotFound()
        if template.weekday != command.date.isoweekday():
            sentence = N_("这个门诊不在这一天。请选它开诊的那个星期几。")
            raise Invalid("other_weekday", sentence, fields={"date": sentence})
    hold_schedules(session)
    values = {**command.model_dump(), "id": new_id(), "created_at": clock.now()}
    whole = command.template_id is None
    given = insert(TemplateException).values(values)
    row_id = session.execute(
        given.on_conflict_do_update(
            index_elements=["institution_id" if whole else "template_id", "date"],
            index_where=TemplateException.template_id.is_(None)
            if whole
            else TemplateException.template_id.is_not(None),
            set_={"capacity": command.capacity, "reason": command.reason},
        ).returning(TemplateException.id)
    ).scalar_one()
    return exception_view(session, row_id)


def remove_exception(session: Session, actor: Actor, exception_id: UUID) -> ExceptionView:
    """The day is as usual again. Raises NotFound or Denied."""
    row = session.get(TemplateException, exception_id)
    if row is None:
        raise NotFound()
    institution = get_institution(session, row.institution_id)
    require(session, actor, SupplyAction.CHANGE_SCHEDULE, schedule_of(institution))
    hold_schedules(session)
    view = exception_view(session, exception_id)
    session.execute(delete(TemplateException).where(TemplateException.id == exception_id))
    return view


def set_holiday(session: Session, actor: Actor, command: SetHoliday) -> HolidayView:
    """Make a day a public holiday of the region, or name it anew. Raises Denied or Invalid."""
    require(session, actor, SupplyAction.CHANGE_HOLIDAYS, calendar_of(session))
    _require_coming(command.day, "day")
    hold_schedules(session)
    names = {"name": command.name, "name_en": command.name_en}
    given = insert(Holiday).values(day=command.day, **names)
    session.execute(given.on_conflict_do_update(index_elements=["day"], set_=names))
    return HolidayView.model_validate(command)


def remove_holiday(session: Session, actor: Actor, day: date) -> HolidayView:
    """A day of work again. Raises NotFound or Denied."""
    require(session, actor, SupplyAction.CHANGE_HOLIDAYS, calendar_of(session))
    row = session.get(Holiday, day)
    if row is None:
        raise NotFound()
    hold_schedules(session)
    view = HolidayView.model_validate(row)
    session.execute(delete(Holiday).where(Holiday.day == day))
    return view


def calendar_of(session: Session) -> Resource:
    """The region's calendar as the policy sees it."""
    region = session.scalar(select(func.coalesce(region_unit(), "")))
    return Resource("Calendar", "holidays", units=(region,) if region else ())


def _require_coming(day: date, field: str) -> None:
    if day < clock.today():
        sentence = N_("请选择今天或以后的日期。")
        raise Invalid("past", sentence, fields={field: sentence})
