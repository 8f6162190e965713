"""Bookings that end while their patients are here: the ticket goes with the booking, or the booking
stays. Whoever checks in holds the booking, so what is read of its ticket while we hold it is so
until the end of the transaction.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, update
from sqlalchemy.orm import Session

from appointments.queries.tickets import HERE, TICKET, find_here, runs_queue
from appointments.schemas import TicketState
from appointments.services import places
from appointments.services.arriving import changed
from appointments.services.refusals import checked_in
from core.access import Actor


def refuse_who_is_here(session: Session, booking_id: UUID) -> None:
    """Raises Conflict ``checked_in``; whoever calls holds the booking."""
    if find_here(session, booking_id) is not None:
        raise checked_in()


def hold_absent(session: Session, booking_id: UUID) -> None:
    """Hold a booking whose patient is not here. Raises Conflict ``checked_in``."""
    places.lock_booking(session, booking_id)
    refuse_who_is_here(session, booking_id)


def hold_at_desk(session: Session, actor: Actor, booking_id: UUID) -> Row[Any] | None:
    """As ``hold_absent``, but who runs the room of a patient who is here gets the ticket, to end it
    with the booking; the room is held then too.
    """
    ticket = find_here(session, booking_id)
    if ticket is None or not runs_queue(actor, ticket):
        hold_absent(session, booking_id)
        return None
    places.lock_rooms(session, [ticket.session_id])
    places.lock_booking(session, booking_id)
    now = find_here(session, booking_id)
    # Sent on to a room that is not held, in this moment: a second try finds it there.
    if now is not None and now.session_id != ticket.session_id:
        raise checked_in()
    return now


def leave_with(session: Session, ticket_ids: Collection[UUID]) -> None:
    """These tickets end with their bookings, and the rooms move on without them."""
    gone = (
        update(TICKET)
        .where(TICKET.c.id.in_(ticket_ids), TICKET.c.state.in_(HERE))
        .values(state=TicketState.LEFT, skipped_at=None)
        .returning(TICKET.c.session_id, TICKET.c.institution_id)
    )
    for room in sorted({tuple(row) for row in session.execute(gone)}):
        changed(session, *room)
