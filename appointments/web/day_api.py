"""/api/v1/appointments/…: checking in, the rooms' queues, triage, the halls' screens."""

from collections.abc import Callable
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from appointments.queries.hall import list_screens
from appointments.queries.tickets import find_ticket_of, get_queue, list_rooms
from appointments.schemas import (
    CallNext,
    CheckIn,
    InstitutionChoice,
    MakeScreen,
    NewScreen,
    PauseRoom,
    RecordTriage,
    RoomList,
    RoomQueue,
    ScreenList,
    ScreenView,
    TicketView,
    Transfer,
    TriageView,
    WalkIn,
)
from appointments.services import calling
from appointments.services.arriving import check_in, walk_in
from appointments.services.screens import end_screen
from appointments.services.triage import record_triage
from appointments.web.new_screens import new_screen
from core.access import Actor, Role
from core.database import transaction
from core.errors import NotFound
from core.settings import settings
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write

api = room_api("appointments_day", "Appointments", "appointments")


@api.post("/check-ins")
@api.input(CheckIn, arg_name="command")
@api.output(TicketView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def arrive(command: CheckIn) -> TicketView:
    """Check a patient in, by their code or their booking; answers the same ticket however often."""
    return write(TicketView, lambda session: check_in(session, current_actor(), command))


@api.post("/walk-ins")
@api.input(WalkIn, arg_name="command")
@api.output(TicketView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def come(command: WalkIn) -> TicketView:
    """Give somebody who is there one of the day's on-site places, and check them in."""
    return write(TicketView, lambda session: walk_in(session, current_actor(), command))


@api.get("/bookings/<uuid:booking_id>/ticket")
@api.output(TicketView)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def ticket(booking_id: UUID) -> TicketView:
    """Where a patient stands in the queue; 404 before they were checked in."""
    with transaction() as session:
        found = find_ticket_of(session, current_actor(), booking_id)
    if found is None:
        raise NotFound()
    return found


@api.get("/queues")
@api.input(InstitutionChoice, location="query", arg_name="query")
@api.output(RoomList)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def rooms(query: InstitutionChoice) -> RoomList:
    """The rooms of an institution today."""
    with transaction() as session:
        return RoomList(items=list_rooms(session, current_actor(), query.institution_id))


@api.get("/queues/<uuid:session_id>")
@api.output(RoomQueue)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def queue(session_id: UUID) -> RoomQueue:
    """A room's queue, in the order in which it is called."""
    with transaction() as session:
        return get_queue(session, current_actor(), session_id)


@api.post("/queues/<uuid:session_id>/next")
@api.input(CallNext, arg_name="command")
@api.output(RoomQueue)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def call(session_id: UUID, command: CallNext) -> RoomQueue:
    """Call the next patient, the one in the room (``finish``) being done."""
    return write(
        RoomQueue,
        lambda session: calling.call_next(session, current_actor(), session_id, command),
    )


@api.post("/queues/<uuid:session_id>/pause")
@api.input(PauseRoom, arg_name="command")
@api.output(RoomQueue)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def pause(session_id: UUID, command: PauseRoom) -> RoomQueue:
    """Call nobody for a while, and tell those who wait why."""
    return write(
        RoomQueue, lambda session: calling.pause(session, current_actor(), session_id, command)
    )


@api.post("/queues/<uuid:session_id>/resume")
@api.output(RoomQueue)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def resume(session_id: UUID) -> RoomQueue:
    """Go on calling."""
    return write(RoomQueue, lambda session: calling.resume(session, current_actor(), session_id))


@api.post("/tickets/<uuid:ticket_id>/recall")
@api.output(TicketView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def recall(ticket_id: UUID) -> TicketView:
    """Call the patient once more."""
    return _step(ticket_id, calling.recall)


@api.post("/tickets/<uuid:ticket_id>/skip")
@api.output(TicketView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def skip(ticket_id: UUID) -> TicketView:
    """Nobody came: behind some others."""
    return _step(ticket_id, calling.skip)


@api.post("/tickets/<uuid:ticket_id>/done")
@api.output(TicketView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def done(ticket_id: UUID) -> TicketView:
    """The visit is over."""
    return _step(ticket_id, calling.finish)


@api.post("/tickets/<uuid:ticket_id>/left")
@api.output(TicketView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def left(ticket_id: UUID) -> TicketView:
    """The patient went away."""
    return _step(ticket_id, calling.leave)


@api.post("/tickets/<uuid:ticket_id>/transfer")
@api.input(Transfer, arg_name="command")
@api.output(TicketView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def transfer(ticket_id: UUID, command: Transfer) -> TicketView:
    """To another room of the department."""
    return write(
        TicketView,
        lambda session: calling.transfer(session, current_actor(), ticket_id, command),
    )


@api.post("/tickets/<uuid:ticket_id>/triage")
@api.input(RecordTriage, arg_name="command")
@api.output(TriageView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def triage(ticket_id: UUID, command: RecordTriage) -> TriageView:
    """Keep what triage found, and send the patient on."""
    return write(
        TriageView, lambda session: record_triage(session, current_actor(), ticket_id, command)
    )


@api.get("/screens")
@api.input(InstitutionChoice, location="query", arg_name="query")
@api.output(ScreenList)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def screens(query: InstitutionChoice) -> ScreenList:
    """The screens of an institution; never their addresses."""
    with transaction() as session:
        return ScreenList(items=list_screens(session, current_actor(), query.institution_id))


@api.post("/screens")
@api.input(MakeScreen, arg_name="command")
@api.output(NewScreen, status_code=201)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def make(command: MakeScreen) -> NewScreen:
    """A screen with its address, which is told this once; a retry gets null for it."""
    screen, token = new_screen(command)
    path = url_for("appointments_halls.hall", token=token) if token else None
    address = settings().public_url.rstrip("/") + path if path else None
    return NewScreen(**screen.model_dump(), address=address)


@api.post("/screens/<uuid:screen_id>/end")
@api.output(ScreenView)
@api.doc(**SECURED)
@open_to(Role.REGISTRAR)
def end(screen_id: UUID) -> ScreenView:
    """Let an address show nothing any more."""
    return write(ScreenView, lambda session: end_screen(session, current_actor(), screen_id))


def _step(ticket_id: UUID, step: Callable[[Session, Actor, UUID], TicketView]) -> TicketView:
    return write(TicketView, lambda session: step(session, current_actor(), ticket_id))
