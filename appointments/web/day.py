"""Pages of the day: the desk checks in, the console calls, triage sends on, the patient follows."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel
from sqlalchemy.orm import Session

from appointments.queries.bookings import find_booking, get_booking
from appointments.queries.day_list import desk_institutions
from appointments.queries.offers import get_slot
from appointments.queries.tickets import (
    arrival_window,
    find_room,
    find_ticket_of,
    get_queue,
    get_ticket,
    list_rooms,
    queue_topic,
    queue_view,
    require_room,
    require_ticket_of,
    room_of_ticket,
    rooms_beside,
    ticket_of_booking,
)
from appointments.schemas import (
    ArrivalWindow,
    BookingView,
    CallNext,
    CheckIn,
    PauseRoom,
    QueueAction,
    RecordTriage,
    RoomQueue,
    TicketState,
    TicketView,
    Transfer,
    TriageView,
)
from appointments.services import calling
from appointments.services.arriving import check_in
from appointments.services.triage import record_triage
from appointments.web.arrival import code_picture, spaced_code
from core import clock
from core.access import Actor, Role
from core.audit import looking_on
from core.database import reading, transaction
from core.errors import Conflict, Invalid, NotFound
from core.paging import HIGHEST_LIMIT
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form, read_query
from core.web.languages import gettext
from core.web.live import live
from core.web.problems import translated
from core.web.redirects import next_path
from core.web.writes import write
from directory.public import get_institution, list_departments
from directory.schemas import DepartmentSearch

C = TypeVar("C", bound=BaseModel)
pages = Blueprint("appointments_day", __name__, url_prefix="/appointments")
STEPS: dict[str, Callable[[Session, Actor, UUID], TicketView]] = {
    "recall": calling.recall,
    "skip": calling.skip,
    "done": calling.finish,
    "left": calling.leave,
}


class Desk(BaseModel):
    """Which institution's desk; the first of one's own until one chooses."""

    institution_id: UUID | None = None


@pages.get("/queues")
@open_to(Role.REGISTRAR)
def rooms() -> ResponseReturnValue:
    """The rooms of today, and the field that the scanner types into."""
    return _rooms_page(blank(CheckIn))


@pages.post("/check-in")
@open_to(Role.REGISTRAR)
def arrive() -> ResponseReturnValue:
    """Check a patient in; where that is refused, say why and what is possible."""
    form = read_form(CheckIn)
    if form.command is None:
        form.message = next(iter(form.errors.values()), form.message)
        return _rooms_page(form)
    actor, command = current_actor(), form.command
    try:
        ticket = write(TicketView, lambda session: check_in(session, actor, command))
    except (Conflict, Invalid, NotFound) as refusal:
        form.fail(refusal)
        return _rooms_page(form, late=command if refusal.code == "too_late" else None)
    flash(_arrived(ticket), "good")
    return redirect(next_path())


@pages.get("/queues/<uuid:session_id>")
@open_to(Role.REGISTRAR)
def console(session_id: UUID) -> ResponseReturnValue:
    """A room's queue and everything that is done with it."""
    with transaction() as session:
        queue = get_queue(session, current_actor(), session_id)
        beside = rooms_beside(session, queue)
    return render_template("appointments/day/console.html", queue=queue, beside=beside)


@pages.get("/queues/<uuid:session_id>/live")
@open_to(Role.REGISTRAR)
def console_live(session_id: UUID) -> Response:
    """The part of the console that moves."""
    with transaction() as session, looking_on(session):
        require_room(session, current_actor(), session_id)

    def render() -> str:
        with reading() as session:
            queue = queue_view(session, find_room(session, session_id))
            beside = rooms_beside(session, queue)
        return render_template("appointments/day/_queue.html", queue=queue, beside=beside)

    return live([queue_topic(session_id)], render)


@pages.post("/queues/<uuid:session_id>/next")
@open_to(Role.REGISTRAR)
def call(session_id: UUID) -> ResponseReturnValue:
    """The next patient, please."""

    def work(session: Session, command: CallNext) -> RoomQueue:
        queue = calling.call_next(session, current_actor(), session_id, command)
        if queue.called is None:
            flash(gettext("现在没有人候诊。"), "info")
        return queue

    return _on_room(session_id, CallNext, work)


@pages.post("/queues/<uuid:session_id>/pause")
@open_to(Role.REGISTRAR)
def pause(session_id: UUID) -> ResponseReturnValue:
    """Call nobody for a while."""
    return _on_room(
        session_id,
        PauseRoom,
        lambda session, command: calling.pause(session, current_actor(), session_id, command),
    )


@pages.post("/queues/<uuid:session_id>/resume")
@open_to(Role.REGISTRAR)
def resume(session_id: UUID) -> ResponseReturnValue:
    """Go on."""
    return _acted(
        session_id,
        lambda: write(
            RoomQueue, lambda session: calling.resume(session, current_actor(), session_id)
        ),
    )


@pages.post("/tickets/<uuid:ticket_id>/<any(recall,skip,done,left):step>")
@open_to(Role.REGISTRAR)
def act(ticket_id: UUID, step: str) -> ResponseReturnValue:
    """Call again, pass over, done, gone."""
    return _on_ticket(ticket_id, STEPS[step])


@pages.post("/tickets/<uuid:ticket_id>/transfer")
@open_to(Role.REGISTRAR)
def transfer(ticket_id: UUID) -> ResponseReturnValue:
    """To another room of the department."""
    form = read_form(Transfer)
    if form.command is None:
        flash(gettext("请选择要转到的诊室。"), "warn")
        return redirect(_console_of(ticket_id))
    return _on_ticket(ticket_id, partial(calling.transfer, command=form.command))


@pages.get("/tickets/<uuid:ticket_id>/triage")
@open_to(Role.REGISTRAR)
def triage(ticket_id: UUID) -> ResponseReturnValue:
    """What the triage desk asks."""
    return _triage_page(ticket_id, blank(RecordTriage))


@pages.post("/tickets/<uuid:ticket_id>/triage")
@open_to(Role.REGISTRAR)
def record(ticket_id: UUID) -> ResponseReturnValue:
    """Keep what was found, and send the patient on."""
    form, actor = read_form(RecordTriage), current_actor()
    if form.command is None:
        return _triage_page(ticket_id, form)
    command = form.command
    try:
        found = write(TriageView, lambda session: record_triage(session, actor, ticket_id, command))
    except Conflict as refusal:
        form.fail(refusal)
        return _triage_page(ticket_id, form)
    said = gettext("已登记分诊 %(level)s 级。", level=found.level)
    if found.redirected:
        said += gettext("已转到新科室，候诊号 %(label)s。", label=found.label)
    flash(said, "good")
    return redirect(_console_of(found.ticket_id))


@pages.get("/bookings/<uuid:booking_id>/queue")
@open_to(SIGNED_IN)
def waiting(booking_id: UUID) -> ResponseReturnValue:
    """Where the patient stands; before they are checked in, with what they do that."""
    with transaction() as session:
        booking = get_booking(session, current_actor(), booking_id)
        ticket = find_ticket_of(session, current_actor(), booking_id)
        window = arrival_window(session, booking)
    return _waiting_part("waiting", booking, ticket, window)


@pages.get("/bookings/<uuid:booking_id>/queue/live")
@open_to(SIGNED_IN)
def waiting_live(booking_id: UUID) -> Response:
    """The part of that page that moves."""
    with transaction() as session, looking_on(session):
        booking = get_booking(session, current_actor(), booking_id)
        seen = require_ticket_of(session, current_actor(), booking_id)
        own_room = get_slot(session, booking.slot_id).session_id
        window = arrival_window(session, booking)
    room = seen.session_id if seen else own_room

    def render() -> str:
        with reading() as session:
            ticket = ticket_of_booking(session, booking_id)
            # Who is not in the queue reads of the booking, which may have ended under their eyes.
            out = ticket is None or ticket.state is TicketState.LEFT
            standing = (find_booking(session, booking_id) if out else None) or booking
        if ticket and ticket.session_id != room:
            # The patient was sent to another room: the next stream watches that one.
            raise NotFound()
        return _waiting_part("_waiting", standing, ticket, window)

    return live([queue_topic(room)], render)


def _waiting_part(
    template: str, booking: BookingView, ticket: TicketView | None, window: ArrivalWindow
) -> str:
    return render_template(
        f"appointments/day/{template}.html",
        booking=booking,
        ticket=ticket,
        window=window,
        code=spaced_code(booking.id),
        picture=code_picture(booking.id),
        now=clock.now(),
    )


def _rooms_page(form: Form[CheckIn], late: CheckIn | None = None) -> ResponseReturnValue:
    actor = current_actor()
    chosen = read_query(Desk).institution_id
    with transaction() as session:
        institutions = desk_institutions(session, actor)
        own = next((each for each in institutions if chosen in (None, each.id)), None)
        if chosen and own is None:
            own = get_institution(session, chosen)
        if own is None:
            return render_template("appointments/no_desk.html")
        found = list_rooms(session, actor, own.id, own)
    page = render_template(
        "appointments/day/rooms.html",
        institution=own,
        institutions=institutions,
        rooms=found,
        form=form,
        late=late,
    )
    return page, form.status


def _triage_page(ticket_id: UUID, form: Form[RecordTriage]) -> ResponseReturnValue:
    with transaction() as session:
        ticket = get_ticket(session, current_actor(), ticket_id, QueueAction.TRIAGE)
        search = DepartmentSearch(institution_id=ticket.institution_id, limit=HIGHEST_LIMIT)
        departments = list_departments(session, search).items
    page = render_template(
        "appointments/day/triage.html", ticket=ticket, departments=departments, form=form
    )
    return page, form.status


def _on_room(
    session_id: UUID, kind: type[C], work: Callable[[Session, C], RoomQueue]
) -> ResponseReturnValue:
    form = read_form(kind)
    command = form.command
    if command is None:
        flash(form.message, "warn")
        return redirect(url_for(".console", session_id=session_id))
    return _acted(session_id, lambda: write(RoomQueue, lambda session: work(session, command)))


def _acted(session_id: UUID, act: Callable[[], object]) -> ResponseReturnValue:
    """Do it and come back to the console; a refusal is said there."""
    try:
        act()
    except Conflict as refusal:
        flash(translated(refusal.message), "warn")
    return redirect(url_for(".console", session_id=session_id))


def _on_ticket(
    ticket_id: UUID, work: Callable[[Session, Actor, UUID], TicketView]
) -> ResponseReturnValue:
    here = _console_of(ticket_id)
    try:
        write(TicketView, lambda session: work(session, current_actor(), ticket_id))
    except Conflict as refusal:
        flash(translated(refusal.message), "warn")
    return redirect(here)


def _console_of(ticket_id: UUID) -> str:
    """The console of the ticket's room; it asks the policy itself."""
    with reading() as session:
        room = room_of_ticket(session, ticket_id)
    return url_for(".console", session_id=room)


def _arrived(ticket: TicketView) -> str:
    """What the desk says to the patient: aloud, so without the name."""
    place = ticket.place or ticket.clinic_name
    if ticket.state is TicketState.CALLED:
        return gettext("%(label)s 号已叫到，请直接去 %(place)s。", label=ticket.label, place=place)
    if ticket.ahead is None:
        return gettext("%(label)s 号今天已就诊完。", label=ticket.label)
    return gettext(
        "已报到：%(label)s 号，%(place)s，前面 %(ahead)s 人。",
        label=ticket.label,
        place=place,
        ahead=ticket.ahead,
    )
