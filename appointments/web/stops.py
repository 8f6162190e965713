"""Stops, for those who stop and for those they meet."""

from datetime import date, timedelta
from typing import TypeAlias
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from appointments.queries.elsewhere import choice_of, find_elsewhere
from appointments.queries.stops import find_instead, get_stopped, stop_reason
from appointments.schemas import (
    BookingView,
    ChangeBooking,
    SessionView,
    StopDays,
    StopOutcome,
    StopSession,
)
from appointments.services import stopping
from appointments.services.changing import take_instead
from appointments.web import planning
from appointments.web.choosing import address_of
from core import clock
from core.access import Role
from core.database import transaction
from core.errors import Conflict, Invalid, TooMany
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.actions import attempt, carry_out
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.problems import translated
from core.web.writes import write

ChosenDay: TypeAlias = date | None
pages = Blueprint("appointments_stops", __name__, url_prefix="/appointments")


class Whom(BaseModel):
    """Whose sessions are to be stopped, as a link says it."""

    institution_id: UUID | None = None
    department_id: UUID | None = None
    staff_id: UUID | None = None
    date: ChosenDay = None


@pages.get("/schedule/stop")
@open_to(Role.REGISTRAR)
def stop_form() -> ResponseReturnValue:
    """Whom to stop, from when until when, and why."""
    asked = read_query(Whom)
    first = asked.date or clock.today() + timedelta(days=1)
    form = blank(
        StopDays,
        department_id=asked.department_id,
        staff_id=asked.staff_id,
        clinic_name=request.args.get("clinic_name"),
        first=first,
        last=first,
    )
    return _stop_page(form, asked)


@pages.post("/schedule/stop")
@open_to(Role.REGISTRAR)
def stop() -> ResponseReturnValue:
    """First the number of those it meets; confirmed, the stop itself."""
    form = read_form(StopDays)
    asked = read_query(Whom)
    if form.command is None:
        return _stop_page(form, asked)
    command = form.command
    if request.form.get("confirmed") != "true":
        try:
            with transaction() as session:
                met = stopping.preview_stop(session, current_actor(), command)
        except (Conflict, Invalid) as refusal:
            form.fail(refusal)
            return _stop_page(form, asked)
        return _stop_page(form, asked, met)
    done = attempt(
        form,
        StopOutcome,
        lambda session, command: stopping.stop_days(session, current_actor(), command),
    )
    if done is None:
        return _stop_page(form, asked)
    flash(_said(done), "good")
    return redirect(
        url_for(
            "appointments_schedule.week",
            institution_id=asked.institution_id,
            department_id=command.department_id,
            date=command.first.isoformat(),
        )
    )


@pages.post("/schedule/sessions/<uuid:session_id>/stop")
@open_to(Role.REGISTRAR)
def stop_session(session_id: UUID) -> ResponseReturnValue:
    """Stop one session."""
    form = read_form(StopSession)
    done = attempt(
        form,
        StopOutcome,
        lambda session, command: stopping.stop_session(
            session, current_actor(), session_id, command
        ),
    )
    if done is None:
        flash(form.errors.get("reason", form.message), "bad")
    else:
        flash(_said(done), "good")
    return redirect(url_for("appointments_schedule.one_session", session_id=session_id))


@pages.post("/schedule/sessions/<uuid:session_id>/resume")
@open_to(Role.REGISTRAR)
def resume(session_id: UUID) -> ResponseReturnValue:
    """Take bookings again."""
    return carry_out(
        planning.Pressed,
        SessionView,
        lambda session, _: stopping.resume_session(session, current_actor(), session_id),
        gettext("已恢复开诊，可以重新预约。已取消的预约不会恢复。"),
        url_for("appointments_schedule.one_session", session_id=session_id),
    )


@pages.get("/bookings/<uuid:booking_id>/instead")
@open_to(SIGNED_IN)
def instead(booking_id: UUID) -> ResponseReturnValue:
    """What was stopped and why, and the nearest free places: one tap takes one."""
    return _instead_page(booking_id, "", 200)


@pages.post("/bookings/<uuid:booking_id>/instead")
@open_to(SIGNED_IN)
def take(booking_id: UUID) -> ResponseReturnValue:
    """Take a place instead."""
    form = read_form(ChangeBooking)
    if form.command is None:
        return _instead_page(booking_id, form.message, form.status)
    command = form.command
    try:
        made = write(
            BookingView,
            lambda session: take_instead(session, current_actor(), booking_id, command),
        )
    except (Conflict, TooMany) as refusal:
        return _instead_page(booking_id, translated(refusal.message), refusal.status)
    return redirect(address_of(made))


def _instead_page(booking_id: UUID, refusal: str, status: int) -> ResponseReturnValue:
    with transaction() as session:
        former = get_stopped(session, current_actor(), booking_id)
        made = find_instead(session, booking_id)
        reason = stop_reason(session, booking_id)
        choice = choice_of(session, current_actor(), former)
        slots = find_elsewhere(session, former, choice)
    if made is not None:
        return redirect(url_for("appointments.booking", booking_id=made))
    page = render_template(
        "appointments/stops/instead.html",
        booking=former,
        reason=reason,
        slots=slots,
        choice=choice,
        refusal=refusal,
    )
    return page, status


def _stop_page(
    form: Form[StopDays], asked: Whom, met: StopOutcome | None = None
) -> ResponseReturnValue:
    with transaction() as session:
        desk = planning.read_desk(session, current_actor(), asked.institution_id)
        if desk is None:
            return render_template("appointments/no_desk.html")
        offered = {
            "department_id": planning.department_choices(desk.departments),
            "staff_id": planning.doctors(session, desk.institution.id, asked.department_id),
            "half_day": planning.words(planning.HALF_DAYS),
        }
    page = render_template(
        "appointments/stops/stop.html", form=form, desk=desk, offered=offered, met=met, asked=asked
    )
    return page, form.status


def _said(done: StopOutcome) -> str:
    said = gettext("已停诊 %(sessions)s 场，%(bookings)s 位患者将收到通知并可改约。")
    return said % {"sessions": done.sessions, "bookings": done.bookings}
