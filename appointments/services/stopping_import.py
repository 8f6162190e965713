"""A hospital says that a session of its own is off, or on again."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from appointments.models import Booking, ClinicSession, Slot
from appointments.queries.bookings import LIVE
from appointments.schemas import Because
from appointments.services import places
from appointments.services.outbound import forget_calls
from appointments.services.telling import tell
from core import clock
from core.messages import N_

_SENTENCE = N_(
    "停诊通知：%(when)s，%(institution)s %(department)s 停诊（%(reason)s），预约已取消，"
    "不计入您的取消次数。可以重新选时间。"
)


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
    slot_ids = session.scalars(
        select(Slot.id).where(Slot.session_id == clinic.id).order_by(Slot.id)
    ).all()
    live = select(Booking.id).where(Booking.slot_id.in_(slot_ids), Booking.state.in_(LIVE))
    # Bookings before slots, as everywhere.
    session.execute(live.order_by(Booking.id).with_for_update()).all()
    places.lock_slots(session, slot_ids)
    for slot_id in slot_ids:
        for ended in places.end_all(session, slot_id, Because.STOPPED):
            forget_calls(session, ended.id)
            tell(session, ended.id, _SENTENCE, reason=reason or "—")
    return True


def resume_imported(session: Session, clinic: ClinicSession) -> bool:
    """Take bookings again; those that ended stay so. Whether that changed anything."""
    resumed = (
        update(ClinicSession)
        .where(ClinicSession.id == clinic.id, ClinicSession.stopped_at.is_not(None))
        .values(stopped_at=None, stop_reason="")
        .returning(ClinicSession.id)
    )
    return session.execute(resumed).first() is not None
