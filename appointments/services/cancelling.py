"""Giving a place back: by the patient, their family, the desk or the doctor."""

from uuid import UUID

from sqlalchemy.orm import Session

from appointments.events import BookingCancelled
from appointments.queries.bookings import get_booking
from appointments.schemas import Action, Because, BookingView, CancelBooking, Source, State
from appointments.services import places
from appointments.services.conduct import note_cancel
from appointments.services.leaving import hold_absent, hold_at_desk, leave_with
from appointments.services.refusals import too_late, visit_over
from appointments.services.sweeping import offer_returned
from core import clock
from core.access import Actor
from core.events import publish
from residents.public import may_act
from residents.schemas import Scope


def cancel_booking(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    command: CancelBooking | None = None,
    *,
    held: bool = False,
) -> BookingView:
    """Give a place back; one that was given back already stays so. A doctor's booking that the
    patient refuses, and what the desk or the doctor cancels, never count against the patient.
    With ``held`` only what is held still: confirmed in this moment, it stays booked. Of a patient
    who is here the desk alone gives it back, and the ticket with it.

    Raises NotFound, Denied, or Conflict: ``checked_in``, ``too_late_to_cancel`` unless the command
    accepts that it counts, ``visit_over``.
    """
    booking = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    if booking.state is State.CANCELLED:
        return booking
    because = _why(session, actor, booking, late=bool(command and command.late))
    ticket = None
    if because is Because.HOSPITAL:
        ticket = hold_at_desk(session, actor, booking_id)
    elif not held:
        hold_absent(session, booking_id)
    now = clock.now()
    statement = places.END_ONE_LATE
    if held:
        statement = places.END_HELD
    elif because is Because.PATIENT:
        # What is only held can be let go after the deadline too.
        statement = places.END_ONE if now < booking.cancel_until else places.END_HELD
    values = {"id": booking_id, "now": now, "because": because}
    ended = session.execute(statement, values).first()
    if ended is None:
        return _not_cancelled(session, actor, booking_id, held=held)
    if because in (Because.PATIENT, Because.LATE):
        note_cancel(session, actor, booking.person_id)
    if ticket is not None:
        leave_with(session, [ticket.id])
    offer_returned(session, [ended])
    by = None if because is Because.HOSPITAL else actor.person_id
    publish(session, BookingCancelled(booking_id=booking_id, person_id=booking.person_id, by=by))
    ended_now = {
        "state": State.CANCELLED,
        "cancelled_at": values["now"],
        "because": because,
        "held_until": None,
        "cancellable": False,
        "free_to_cancel": False,
        "checked_in": False,
    }
    return booking.model_copy(update=ended_now)


def _why(session: Session, actor: Actor, booking: BookingView, *, late: bool) -> Because:
    """By who cancels, not by the role they have on: a registrar who acts for a child is kin."""
    if not may_act(session, actor, booking.person_id, Scope.BOOK):
        return Because.HOSPITAL
    if booking.source is Source.FAMILY_DOCTOR:
        return Because.REFUSED
    if late and booking.state is State.BOOKED and not booking.free_to_cancel:
        return Because.LATE
    return Because.PATIENT


def _not_cancelled(session: Session, actor: Actor, booking_id: UUID, *, held: bool) -> BookingView:
    """Another request was faster, or it is too late."""
    current = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    if current.state is State.CANCELLED or held:
        return current
    raise too_late(current.cancel_until) if current.cancellable else visit_over()
