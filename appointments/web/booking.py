"""Pages of a booking that was made: its code and calendar file, the hold, another time."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from appointments.calendar_file import Visit, calendar
from appointments.checkin_codes import make_code, picture
from appointments.queries.bookings import get_booking
from appointments.queries.elsewhere import choice_of
from appointments.queries.offers import get_slot, list_days, list_slots
from appointments.schemas import (
    Action,
    BookingView,
    ChangeBooking,
    SlotQuery,
    State,
)
from appointments.services.booking import confirm_booking
from appointments.services.changing import change_booking
from appointments.web.choosing import DayChoice, address_of, by_session, first_free, whom
from core import clock
from core.database import transaction
from core.errors import Conflict, NotFound, TooMany
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import read_form, read_query
from core.web.languages import gettext
from core.web.names import named
from core.web.problems import translated
from core.web.writes import write

pages = Blueprint("appointments_booking", __name__, url_prefix="/appointments/bookings")


@pages.get("/<uuid:booking_id>/code.svg")
@open_to(SIGNED_IN)
def code(booking_id: UUID) -> ResponseReturnValue:
    """The code to check in with, as a picture. Raises NotFound for a visit that is none."""
    _visit(booking_id)
    return Response(picture(make_code(booking_id)), mimetype="image/svg+xml")


@pages.get("/<uuid:booking_id>/visit.ics")
@open_to(SIGNED_IN)
def calendar_file(booking_id: UUID) -> ResponseReturnValue:
    """The visit for the phone's own calendar."""
    booking = _visit(booking_id)
    department = named(booking.department_name, booking.department_name_en)
    institution = named(booking.institution_name)
    arrive = f"{clock.local(booking.arrive_at):%H:%M}"
    number = gettext("本时段第 %(number)s 号", number=booking.number)
    come = gettext("请在 %(when)s 前报到，带身份证或医保凭证。", when=arrive)
    visit = Visit(
        id=booking.id,
        starts_at=booking.starts_at,
        until=booking.ends_at,
        changed_at=booking.created_at,
        summary=gettext("%(name)s 就诊：%(department)s", name=booking.person_name,
                        department=department),
        place=f"{institution} {named(booking.place)}",
        text=f"{number}\n{come}",
    )  # fmt: skip
    answer = Response(calendar(visit), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return answer


@pages.get("/<uuid:booking_id>/hold")
@open_to(SIGNED_IN)
def hold(booking_id: UUID) -> ResponseReturnValue:
    """A place that is kept for some minutes: confirm it or give it back."""
    with transaction() as session:
        booking = get_booking(session, current_actor(), booking_id)
    if booking.state is not State.HELD:
        return redirect(url_for("appointments.booking", booking_id=booking_id))
    return render_template(
        "appointments/booking/hold.html",
        booking=booking,
        now=clock.now(),
        acting_for=whom(booking),
    )


@pages.post("/<uuid:booking_id>/confirm")
@open_to(SIGNED_IN)
def confirm(booking_id: UUID) -> ResponseReturnValue:
    """Make the held place a booking."""
    try:
        write(BookingView, lambda session: confirm_booking(session, current_actor(), booking_id))
    except (Conflict, TooMany) as refusal:
        flash(translated(refusal.message), "warn")
        return redirect(url_for("appointments.booking", booking_id=booking_id))
    return redirect(url_for("appointments.booked", booking_id=booking_id))


@pages.get("/<uuid:booking_id>/change")
@open_to(SIGNED_IN)
def change(booking_id: UUID) -> ResponseReturnValue:
    """The department's days and slots, to move the booking to."""
    with transaction() as session:
        booking = get_booking(session, current_actor(), booking_id, Action.CANCEL_BOOKING)
        if not booking.free_to_cancel:
            return redirect(url_for("appointments.booking", booking_id=booking_id))
        choice = choice_of(session, current_actor(), booking)
        days = [choice.on_day(day) for day in list_days(session, booking.department_id)]
        day = read_query(DayChoice).date or first_free(days)
        slots = list_slots(session, SlotQuery(department_id=booking.department_id, date=day))
    return render_template(
        "appointments/booking/change.html",
        booking=booking,
        days=days,
        day=day,
        clinics=by_session(slots),
        choice=choice,
        acting_for=whom(booking),
    )


@pages.get("/<uuid:booking_id>/change/<uuid:slot_id>")
@open_to(SIGNED_IN)
def confirm_change(booking_id: UUID, slot_id: UUID) -> ResponseReturnValue:
    """The old time and the new one, side by side."""
    return _change_page(booking_id, slot_id, "", 200)


@pages.post("/<uuid:booking_id>/change/<uuid:slot_id>")
@open_to(SIGNED_IN)
def make_change(booking_id: UUID, slot_id: UUID) -> ResponseReturnValue:
    """Move the booking in one step; refused, the old place is kept."""
    command = read_form(ChangeBooking, slot_id=slot_id).command or ChangeBooking(slot_id=slot_id)
    try:
        booking = write(
            BookingView,
            lambda session: change_booking(session, current_actor(), booking_id, command),
        )
    except (Conflict, TooMany) as refusal:
        return _change_page(booking_id, slot_id, translated(refusal.message), refusal.status)
    flash(gettext("时间已改好，原来的号已经退回。"), "good")
    return redirect(address_of(booking))


def _change_page(booking_id: UUID, slot_id: UUID, refusal: str, status: int) -> ResponseReturnValue:
    with transaction() as session:
        booking = get_booking(session, current_actor(), booking_id, Action.CANCEL_BOOKING)
        slot = get_slot(session, slot_id)
        pool, left = choice_of(session, current_actor(), booking).place(slot)
    page = render_template(
        "appointments/booking/confirm_change.html",
        booking=booking,
        slot=slot,
        pool=pool,
        takable=bool(left),
        refusal=refusal,
        acting_for=whom(booking),
    )
    return page, status


def _visit(booking_id: UUID) -> BookingView:
    """A booking that is kept. Raises NotFound for any other."""
    with transaction() as session:
        booking = get_booking(session, current_actor(), booking_id)
    if booking.state is not State.BOOKED:
        raise NotFound()
    return booking
