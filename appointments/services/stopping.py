"""Use cases of a stop: nobody books any more, everybody affected is told and offered another place,
and it never counts against them. Who stands in its room is affected, whatever the session of their
booking; who was sent on to another, or is with the doctor, is not.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Row, Select, cast, exists, extract, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.events import BookingStopped, SessionStopped, WaitStopped
from appointments.models import ClinicSession, Template, TemplateException, Wait
from appointments.queries.offers import SLOT
from appointments.queries.schedule import get_session, schedule_of, whom_it_meets
from appointments.queries.stops import met_by_stop, queued_in_vain
from appointments.schemas import (
    Because,
    SessionView,
    StopDays,
    StopOutcome,
    StopSession,
    SupplyAction,
    Waiting,
)
from appointments.services import places
from appointments.services.arriving import changed
from appointments.services.leaving import leave_with
from appointments.services.opening import hold_schedules
from appointments.services.sessions import find_session
from appointments.services.sweeping import offer_returned
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid
from core.events import publish
from core.ids import new_id
from core.jobs import defer_by_name
from core.messages import N_
from directory.public import get_department, get_institution

END = "appointments.jobs.end_bookings"


def stop_session(
    session: Session, actor: Actor, session_id: UUID, command: StopSession
) -> StopOutcome:
    """Stop one session; its bookings end right after. One that is stopped already stays so.

    Raises NotFound, Denied, or Conflict ``session_over``.
    """
    clinic = find_session(session, session_id)
    institution = get_institution(session, clinic.institution_id)
    require(session, actor, SupplyAction.STOP_CLINIC, schedule_of(institution))
    if not _coming(session, [session_id]):
        raise Conflict("session_over", N_("这个门诊已经结束，不用停诊。"))
    return _stop(session, [session_id], command.reason, closed=0)


def stop_days(session: Session, actor: Actor, command: StopDays) -> StopOutcome:
    """Stop every session of a doctor, a clinic or a department in these days; what is not open yet
    stays closed. Raises NotFound, Denied or Invalid.
    """
    _require_stop(session, actor, command)
    # Whoever opens sessions now has done so when we look, or sees the closed days.
    hold_schedules(session)
    unopened = _unopened(session, command)
    if unopened:
        rows = [
            {
                "id": new_id(),
                "institution_id": row.institution_id,
                "template_id": row.id,
                "date": row.day,
                "reason": command.reason,
                "created_at": clock.now(),
            }
            for row in unopened
        ]
        given = insert(TemplateException)
        session.execute(
            given.on_conflict_do_update(
                index_elements=["template_id", "date"],
                index_where=TemplateException.template_id.is_not(None),
                set_={"capacity": None, "reason": given.excluded.reason},
            ),
            rows,
        )
    open_ones = list(session.scalars(_sessions(command)))
    return _stop(session, open_ones, command.reason, closed=len(unopened))


def preview_stop(session: Session, actor: Actor, command: StopDays) -> StopOutcome:
    """What ``stop_days`` would end. Raises NotFound, Denied or Invalid."""
    _require_stop(session, actor, command)
    open_ones = list(session.scalars(_sessions(command)))
    bookings, waiting = whom_it_meets(session, open_ones)
    closed = len(_unopened(session, command))
    return StopOutcome(sessions=len(open_ones), bookings=bookings, waiting=waiting, closed=closed)


def resume_session(session: Session, actor: Actor, session_id: UUID) -> SessionView:
    """Take bookings again; those that ended stay ended. Raises NotFound or Denied."""
    clinic = find_session(session, session_id)
    institution = get_institution(session, clinic.institution_id)
    require(session, actor, SupplyAction.STOP_CLINIC, schedule_of(institution))
    resumed = session.execute(
        update(ClinicSession)
        .where(ClinicSession.id == session_id, ClinicSession.stopped_at.is_not(None))
        .values(stopped_at=None, stop_reason="")
        .returning(ClinicSession.id)
    ).all()
    set_stopped(session, [row.id for row in resumed], stopped=False)
    return get_session(session, actor, session_id)


def end_waits(session: Session, session_id: UUID) -> None:
    """End the waits for a stopped session, also those with an offer: its place ends too."""
    if find_session(session, session_id).stopped_at is None:
        return
    closed = session.execute(
        update(Wait)
        .where(Wait.session_id == session_id, Wait.state.in_((Waiting.WAITING, Waiting.OFFERED)))
        .values(state=Waiting.CLOSED, booking_id=None, ended_at=clock.now())
        .returning(Wait.id, Wait.person_id)
    )
    for row in closed:
        publish(session, WaitStopped(wait_id=row.id, person_id=row.person_id))


def end_stopped(session: Session, session_id: UUID, slot_id: UUID) -> list[UUID]:
    """End what a stop meets in a slot, if the session is still stopped; returns what ended. Those
    who wait in its room wait no more.

    Whoever booked before the stop has committed, as the stop held the slot, and whoever checks in
    meanwhile holds their booking: nobody is overlooked.
    """
    places.lock_rooms(session, [session_id])
    columns = (ClinicSession.stopped_at, ClinicSession.institution_id)
    room = session.execute(select(*columns).where(ClinicSession.id == session_id)).one()
    if room.stopped_at is None:
        return []
    places.lock_bookings_of(session, slot_id)
    met = met_by_stop([session_id], room.stopped_at)
    ids = session.scalars(select(met.c.id).where(met.c.slot_id == slot_id)).all()
    ended = places.end_these(session, slot_id, ids, Because.STOPPED)
    leave_with(session, queued_in_vain(session, session_id))
    # A place of another session goes on to who waits for that one.
    offer_returned(session, ended)
    if ended:
        # Those who watch from home, too.
        changed(session, session_id, room.institution_id)
    for row in ended:
        publish(session, BookingStopped(booking_id=row.id, person_id=row.person_id))
    return [row.id for row in ended]


def _stop(session: Session, session_ids: list[UUID], reason: str, *, closed: int) -> StopOutcome:
    # Whoever is being sent to one of these rooms, or called there, comes before the stop or after.
    places.lock_rooms(session, session_ids)
    bookings, waiting = whom_it_meets(session, session_ids)
    stopped = session.execute(
        update(ClinicSession)
        .where(ClinicSession.id.in_(session_ids), ClinicSession.stopped_at.is_(None))
        .values(stopped_at=clock.now(), stop_reason=reason)
        .returning(ClinicSession.id)
    ).all()
    set_stopped(session, [row.id for row in stopped], stopped=True)
    for row in stopped:
        publish(session, SessionStopped(session_id=row.id))
        defer_by_name(session, END, session_id=str(row.id))
    return StopOutcome(sessions=len(stopped), bookings=bookings, waiting=waiting, closed=closed)


def set_stopped(
    session: Session, session_ids: list[UUID], *, stopped: bool, besides: Collection[UUID] = ()
) -> list[UUID]:
    """Let the slots of these sessions take bookings or not; they are held from here on, and the
    slots ``besides``. Returns the sessions' slots.
    """
    ids = list(session.scalars(select(SLOT.c.id).where(SLOT.c.session_id.in_(session_ids))))
    places.lock_slots(session, {*ids, *besides})
    session.execute(places.SET_STOPPED, {"stopped": stopped, "slot_ids": ids})
    return ids


def _require_stop(session: Session, actor: Actor, command: StopDays) -> None:
    department = get_department(session, command.department_id)
    institution = get_institution(session, department.institution_id)
    require(session, actor, SupplyAction.STOP_CLINIC, schedule_of(institution))
    if command.first < clock.today():
        sentence = N_("请选择今天或以后的日期。")
        raise Invalid("past", sentence, fields={"first": sentence})


def _whose(table: Any, command: StopDays) -> list[ColumnElement[bool]]:
    """The conditions that a session or a template is meant; a doctor's in any department of the
    institution, as they are away from all of them.
    """
    found: list[ColumnElement[bool]] = []
    if command.staff_id:
        found.append(table.staff_id == command.staff_id)
    else:
        found.append(table.department_id == command.department_id)
        if command.clinic_name:
            found.append(table.clinic_name == command.clinic_name)
    if command.half_day:
        found.append(table.half_day == command.half_day)
    return found


def _sessions(command: StopDays) -> Select[Any]:
    """The sessions that are open and not over."""
    last = select(func.max(SLOT.c.ends_at)).where(SLOT.c.session_id == ClinicSession.id)
    return (
        select(ClinicSession.id)
        .where(
            *_whose(ClinicSession, command),
            ClinicSession.date.between(command.first, command.last),
            ClinicSession.stopped_at.is_(None),
            last.scalar_subquery() > clock.now(),
        )
        .order_by(ClinicSession.id)
    )


def _unopened(session: Session, command: StopDays) -> list[Row[Any]]:
    """Template and day of what would be held and has no session yet."""
    moments = func.generate_series(command.first, command.last, timedelta(days=1)).column_valued(
        "moment"
    )
    days = select(cast(moments, Date).label("day")).subquery()
    day: ColumnElement[date] = days.c.day
    opened = exists().where(ClinicSession.template_id == Template.id, ClinicSession.date == day)
    query = (
        select(Template.id, Template.institution_id, day.label("day"))
        .join_from(Template, days, extract("isodow", day) == Template.weekday)
        .where(
            *_whose(Template, command),
            Template.disabled_at.is_(None),
            func.coalesce(Template.valid_from, day) <= day,
            func.coalesce(Template.valid_until, day) >= day,
            ~opened,
        )
        .order_by(day, Template.id)
    )
    return list(session.execute(query))


def _coming(session: Session, session_ids: list[UUID]) -> bool:
    last = select(func.max(SLOT.c.ends_at)).where(SLOT.c.session_id.in_(session_ids))
    ends_at = session.scalar(last)
    return ends_at is not None and ends_at > clock.now()
