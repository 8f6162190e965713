"""A hospital says that a session of its own is off, or on again."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from appointments.models import ClinicSession
from appointments.queries.due import stopped_slots
from appointments.services.outbound import forget_calls
from appointments.services.stopping import end_stopped, end_waits, set_stopped
from core import clock


def stop_imported(session: Session, clinic: ClinicSession, reason: str) -> bool:
    """Take no more bookings and end those there are: they count for nothing, and everybody is told.
    The hospital knows: it gets no calls for them. Whether that changed anything.
    """
    now = clock.now()
    stopped = (
        update(ClinicSession)
        .where(ClinicSession.id == clinic.id, ClinicSession.stopped_at.is_(None))
        .values(stopped_at=now, stop_reason=reason)
        .returning(ClinicSession.id)
    )
    if session.execute(stopped).first() is None:
        return False
    met = stopped_slots(session, clinic.id)
    own = set_stopped(session, [clinic.id], stopped=True, besides=met)
    end_waits(session, clinic.id)
    for slot_id in met:
        ended = end_stopped(session, clinic.id, slot_id)
        # Of who was sent to this room from another session the hospital knows nothing yet.
        for booking_id in ended if slot_id in own else ():
            forget_calls(session, booking_id)
    return True


def resume_imported(session: Session, clinic: ClinicSession) -> bool:
    """Take bookings again; those that ended stay so. Whether that changed anything."""
    resumed = (
        update(ClinicSession)
        .where(ClinicSession.id == clinic.id, ClinicSession.stopped_at.is_not(None))
        .values(stopped_at=None, stop_reason="")
        .returning(ClinicSession.id)
    )
    if session.execute(resumed).first() is None:
        return False
    set_stopped(session, [clinic.id], stopped=False)
    return True
