"""Use cases of a room's console. Each is one conditional statement on the ticket, so of two
consoles that press at once one has its way and the other is told.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, select, update
from sqlalchemy.orm import Session

from appointments.models import Booking, ClinicSession
from appointments.queries.tickets import (
    HERE,
    IN_QUEUE,
    ORDER,
    TICKET,
    find_room,
    queue_view,
    require_room,
    room_of_ticket,
    ticket_now,
)
from appointments.schemas import (
    CallNext,
    PauseRoom,
    RoomQueue,
    State,
    TicketState,
    TicketView,
    Transfer,
)
from appointments.services import places
from appointments.services.arriving import changed
from core import clock
from core.access import Actor
from core.errors import Conflict
from core.messages import N_


def call_next(session: Session, actor: Actor, session_id: UUID, command: CallNext) -> RoomQueue:
    """Call the next patient into the room, the one there being done where ``finish`` says so.
    The answer has nobody called where nobody waits.

    Raises NotFound, Denied, or Conflict: ``paused``, ``room_busy`` while somebody (else) is there.
    """
    room = _room_to_run(session, actor, session_id)
    if room.pause is not None:
        raise Conflict("paused", N_("这间诊室暂停叫号。请先恢复，再叫下一位。"))
    if command.finish:
        _finish(session, command.finish, TICKET.c.session_id == session_id)
    in_room = TICKET.alias()
    busy = exists().where(in_room.c.session_id == session_id, in_room.c.state == TicketState.CALLED)
    chosen = (
        select(TICKET.c.id)
        .where(TICKET.c.session_id == session_id, TICKET.c.state.in_(IN_QUEUE), ~busy)
        .order_by(*ORDER)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    called = (
        update(TICKET)
        .where(TICKET.c.id == chosen)
        .values(
            state=TicketState.CALLED,
            called_at=clock.now(),
            called_by=actor.account_id,
            calls=1,
            skipped_at=None,
        )
        .returning(TICKET.c.id)
    )
    if session.execute(called, {"skip_behind": room.skip_behind}).first() is None:
        there = session.scalar(
            select(in_room.c.label).where(
                in_room.c.session_id == session_id, in_room.c.state == TicketState.CALLED
            )
        )
        if there:
            raise Conflict(
                "room_busy", N_("%(label)s 号已在诊室。先办完这一位，再叫下一位。"), label=there
            )
    changed(session, session_id, room.institution_id)
    return queue_view(session, find_room(session, session_id))


def recall(session: Session, actor: Actor, ticket_id: UUID) -> TicketView:
    """Call the patient again, as often as the rule says. Raises NotFound, Denied, or Conflict."""
    ticket, room = _ticket_and_room(session, actor, ticket_id)
    again = (
        update(TICKET)
        .where(
            TICKET.c.id == ticket_id,
            TICKET.c.state == TicketState.CALLED,
            TICKET.c.calls <= room.recall_max,
        )
        .values(calls=TICKET.c.calls + 1)
    )
    if not _moved(session, again):
        current = ticket_now(session, ticket_id)
        if current.state is not TicketState.CALLED:
            raise _other_state(current)
        raise Conflict(
            "called_enough",
            N_("%(label)s 号已叫了 %(calls)s 次。可以过号，稍后会再排到。"),
            label=current.label,
            calls=current.calls,
        )
    return _after(session, ticket)


def skip(session: Session, actor: Actor, ticket_id: UUID) -> TicketView:
    """Nobody came: back into the queue, behind as many others as the rule says."""
    values = {"state": TicketState.SKIPPED, "skipped_at": clock.now()}
    return _step(session, actor, ticket_id, (TicketState.CALLED,), values)


def finish(session: Session, actor: Actor, ticket_id: UUID) -> TicketView:
    """The visit is over; the booking was attended. One that is over already stays so."""
    ticket = _ticket_to_run(session, actor, ticket_id)
    if ticket.state is TicketState.DONE:
        return ticket
    if not _finish(session, ticket_id, TICKET.c.session_id == ticket.session_id):
        raise _other_state(ticket_now(session, ticket_id))
    return _after(session, ticket)


def leave(session: Session, actor: Actor, ticket_id: UUID) -> TicketView:
    """The patient went away without a visit."""
    values = {"state": TicketState.LEFT, "skipped_at": None}
    return _step(session, actor, ticket_id, HERE, values, already=TicketState.LEFT)


def transfer(session: Session, actor: Actor, ticket_id: UUID, command: Transfer) -> TicketView:
    """To another room of the department today, keeping one's turn by time and priority.

    Raises NotFound, Denied, or Conflict ``other_room``.
    """
    # Both rooms, so that nobody is sent to one that is being stopped.
    places.lock_rooms(session, {room_of_ticket(session, ticket_id), command.session_id})
    ticket = _ticket_to_run(session, actor, ticket_id)
    if ticket.session_id == command.session_id:
        return ticket
    room = find_room(session, command.session_id)
    same = room.department_id == ticket.department_id and room.date == ticket.date
    if not same or room.stopped_at is not None:
        raise Conflict("other_room", N_("只能转到同一科室今天开诊的诊室。"))
    values = {"state": TicketState.WAITING, "session_id": command.session_id, "skipped_at": None}
    moved = _step(session, actor, ticket_id, HERE, values)
    changed(session, command.session_id, ticket.institution_id)
    return moved


def pause(session: Session, actor: Actor, session_id: UUID, command: PauseRoom) -> RoomQueue:
    """Call nobody for a while, and tell those who wait why."""
    return _pause(session, actor, session_id, clock.now(), command.reason)


def resume(session: Session, actor: Actor, session_id: UUID) -> RoomQueue:
    """Go on calling."""
    return _pause(session, actor, session_id, None, "")


def _pause(
    session: Session, actor: Actor, session_id: UUID, at: datetime | None, reason: str
) -> RoomQueue:
    room = _room_to_run(session, actor, session_id)
    session.execute(
        update(ClinicSession)
        .where(ClinicSession.id == session_id)
        .values(paused_at=at, pause_reason=reason)
    )
    changed(session, session_id, room.institution_id)
    return queue_view(session, find_room(session, session_id))


def _room_to_run(session: Session, actor: Actor, session_id: UUID) -> Row[Any]:
    """The room, held until the end of the transaction."""
    places.lock_rooms(session, [session_id])
    return require_room(session, actor, session_id)


def _ticket_to_run(session: Session, actor: Actor, ticket_id: UUID) -> TicketView:
    return _ticket_and_room(session, actor, ticket_id)[0]


def _ticket_and_room(
    session: Session, actor: Actor, ticket_id: UUID
) -> tuple[TicketView, Row[Any]]:
    room = _room_to_run(session, actor, room_of_ticket(session, ticket_id))
    return ticket_now(session, ticket_id), room


def _step(
    session: Session,
    actor: Actor,
    ticket_id: UUID,
    states: tuple[TicketState, ...],
    values: dict[str, Any],
    already: TicketState | None = None,
) -> TicketView:
    """From one of these states to what the values say; one that is there ``already`` stays so."""
    ticket = _ticket_to_run(session, actor, ticket_id)
    here = (TICKET.c.id == ticket_id, TICKET.c.session_id == ticket.session_id)
    step = update(TICKET).where(*here, TICKET.c.state.in_(states)).values(values)
    if not _moved(session, step):
        current = ticket_now(session, ticket_id)
        if current.state is already:
            return current
        raise _other_state(current)
    return _after(session, ticket)


def _finish(session: Session, ticket_id: UUID, here: ColumnElement[bool]) -> bool:
    """Whether the patient was in the room, and is done now."""
    done = (
        update(TICKET)
        .where(TICKET.c.id == ticket_id, here, TICKET.c.state == TicketState.CALLED)
        .values(state=TicketState.DONE, done_at=clock.now())
        .returning(TICKET.c.booking_id)
    )
    booking_id = session.scalar(done)
    if booking_id is None:
        return False
    session.execute(
        update(Booking)
        .where(Booking.id == booking_id, Booking.state == State.BOOKED)
        .values(state=State.ATTENDED)
    )
    return True


def _moved(session: Session, step: Any) -> bool:
    return session.execute(step.returning(TICKET.c.id)).first() is not None


def _after(session: Session, before: TicketView) -> TicketView:
    changed(session, before.session_id, before.institution_id)
    return ticket_now(session, before.id)


def _other_state(ticket: TicketView) -> Conflict:
    """Another console was faster."""
    sentence = {
        TicketState.WAITING: N_("%(label)s 号现在在候诊，还没有叫到。"),
        TicketState.SKIPPED: N_("%(label)s 号已过号，在后面候诊。"),
        TicketState.CALLED: N_("%(label)s 号已在诊室。"),
        TicketState.DONE: N_("%(label)s 号已就诊完。"),
        TicketState.LEFT: N_("%(label)s 号已离开。"),
    }[ticket.state]
    return Conflict(f"ticket_{ticket.state}", sentence, label=ticket.label)
