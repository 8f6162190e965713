"""Pages of waiting for a full session: join, one's own waits, the place that is offered."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from appointments.queries.bookings import own_people
from appointments.queries.waits import (
    count_waiting,
    get_wait,
    list_waits,
    rule_of_session,
    session_slots,
    waiting_among,
    waits_help,
)
from appointments.schemas import BookingView, JoinWait, WaitQuery, WaitView, When
from appointments.services.booking import confirm_booking
from appointments.services.waitlist import join_wait, leave_wait
from core import clock
from core.database import transaction
from core.errors import Conflict, TooMany
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.pager import pager
from core.web.problems import translated
from core.web.writes import write
from residents.public import people_by_id

pages = Blueprint("appointments_waits", __name__, url_prefix="/appointments/waits")


class Waiter(BaseModel):
    """For whom one waits."""

    person_id: UUID


@pages.get("/")
@open_to(SIGNED_IN)
def mine() -> ResponseReturnValue:
    """One's own and the family's waits, those first that may still bring a place."""
    actor, asked = current_actor(), read_query(WaitQuery)
    query = asked.model_copy(update={"when": asked.when or When.COMING})
    with transaction() as session:
        page = list_waits(session, actor, query)
        names = people_by_id(session, {wait.person_id for wait in page.items})
    return render_template(
        "appointments/waits/mine.html",
        page=page,
        paging=pager(page),
        names=names,
        query=query,
        when=query.when,
        now=clock.now(),
    )


@pages.get("/join/<uuid:session_id>")
@open_to(SIGNED_IN)
def ask(session_id: UUID) -> ResponseReturnValue:
    """What one would wait for, how it goes on, and for whom."""
    return _join_page(session_id, blank(Waiter, person_id=current_actor().person_id))


@pages.post("/join/<uuid:session_id>")
@open_to(SIGNED_IN)
def join(session_id: UUID) -> ResponseReturnValue:
    """Wait; a refusal says why, and which place is free."""
    form = read_form(Waiter)
    if form.command is None:
        return _join_page(session_id, form)
    command = JoinWait(session_id=session_id, person_id=form.command.person_id)
    try:
        wait = write(WaitView, lambda session: join_wait(session, current_actor(), command))
    except (Conflict, TooMany) as refusal:
        form.fail(refusal)
        return _join_page(session_id, form)
    return redirect(url_for("appointments_waits.show", wait_id=wait.id), 303)


@pages.get("/<uuid:wait_id>")
@open_to(SIGNED_IN)
def show(wait_id: UUID) -> ResponseReturnValue:
    """How many are before, or the place that is held and until when."""
    with transaction() as session:
        wait = get_wait(session, current_actor(), wait_id)
        person = people_by_id(session, [wait.person_id])[wait.person_id]
    return render_template(
        "appointments/waits/wait.html", wait=wait, person=person, now=clock.now()
    )


@pages.post("/<uuid:wait_id>/confirm")
@open_to(SIGNED_IN)
def confirm(wait_id: UUID) -> ResponseReturnValue:
    """Take the place that is offered."""
    with transaction() as session:
        wait = get_wait(session, current_actor(), wait_id)
    booking_id = wait.booking_id
    if booking_id is None:
        return redirect(url_for("appointments_waits.show", wait_id=wait_id), 303)
    try:
        write(BookingView, lambda session: confirm_booking(session, current_actor(), booking_id))
    except (Conflict, TooMany) as refusal:
        flash(translated(refusal.message), "warn")
        return redirect(url_for("appointments_waits.show", wait_id=wait_id), 303)
    return redirect(url_for("appointments.booked", booking_id=booking_id), 303)


@pages.post("/<uuid:wait_id>/leave")
@open_to(SIGNED_IN)
def leave(wait_id: UUID) -> ResponseReturnValue:
    """Wait no longer, or decline what is offered."""
    write(WaitView, lambda session: leave_wait(session, current_actor(), wait_id))
    flash(gettext("已退出候补。需要时可以重新候补。"), "good")
    return redirect(url_for("appointments_waits.mine"), 303)


def _join_page(session_id: UUID, form: Form[Waiter]) -> ResponseReturnValue:
    actor = current_actor()
    with transaction() as session:
        slots = session_slots(session, session_id)
        people = people_by_id(session, own_people(session, actor))
        waiting = count_waiting(session, session_id)
        rule = rule_of_session(session, session_id)
        joined = waiting_among(session, session_id, people)
    free = next((slot for slot in slots if slot.state == "free"), None)
    page = render_template(
        "appointments/waits/join.html",
        clinic=slots[0],
        first=slots[0].starts_at,
        last=slots[-1].ends_at,
        offers_end=max(slot.cancel_until for slot in slots),
        can_wait=waits_help(slots),
        free=free,
        people=sorted(people.values(), key=lambda each: each.id != actor.person_id),
        waiting=waiting,
        rule=rule,
        joined=joined,
        form=form,
        actor=actor,
    )
    return page, form.status
