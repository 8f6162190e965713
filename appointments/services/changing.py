"""Use cases of one place for another: another time, or one instead of a stopped one."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.events import BookingChanged, SlotBooked
from appointments.models import Booking
from appointments.queries.bookings import get_booking, hold_booking
from appointments.schemas import (
    Action,
    Because,
    BookingView,
    BookSlot,
    ChangeBooking,
    Pool,
    Source,
    State,
)
from appointments.services import places
from appointments.services.booking import allow, take_first
from appointments.services.leaving import refuse_who_is_here
from appointments.services.referral_visits import follow_change
from appointments.services.refusals import hold_over, too_late, visit_over
from appointments.services.sweeping import offer_returned
from core import clock
from core.access import Actor
from core.errors import Conflict
from core.events import publish
from core.messages import N_
from residents.public import may_act
from residents.schemas import Scope


def change_booking(
    session: Session, actor: Actor, booking_id: UUID, command: ChangeBooking
) -> BookingView:
    """Move a booking to another slot in one step: the old place is given back only with the new
    one taken. A held place stays held, as long as the former, and can be moved after the deadline
    too, as it can be let go. Repeated, it answers the booking it made.

    Raises NotFound, Denied, or Conflict: ``too_late_to_cancel``, ``hold_over``, ``visit_over``,
    ``already_cancelled``, ``checked_in``, or why the new place is not to be had.
    """
    old = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    places.lock_patients(session, [old.person_id])
    old = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    if old.state is State.CANCELLED and old.because is Because.CHANGED:
        return _changed_to(session, actor, booking_id, command)
    if old.slot_id == command.slot_id:
        return old
    wish = BookSlot(slot_id=command.slot_id, person_id=old.person_id, pool=command.pool)
    pools = _pools_instead(old, command)
    # Before any slot is locked: a queue's own row comes before slots everywhere.
    wanted, source = allow(session, actor, wish)
    places.lock_slots(session, [old.slot_id, command.slot_id])
    # Confirmed, cancelled or stopped while this waited for the slots: what counts is how it is now.
    old = hold_booking(session, booking_id)
    if old.held_until and old.held_until <= clock.now():
        raise hold_over()
    refuse_who_is_here(session, booking_id)
    values = {"id": booking_id, "now": clock.now(), "because": Because.CHANGED}
    statement = places.END_HELD if old.state is State.HELD else places.END_ONE
    ended = session.execute(statement, values).first()
    if ended is None:
        raise _not_changed(old)
    if wanted.department_id != old.department_id:
        raise Conflict(
            "other_department", N_("改时间只能在同一个科室里改。换科室请取消后重新预约。")
        )
    booking = take_first(
        session,
        wanted,
        wish,
        pools,
        actor.account_id,
        Source.REFERRAL if old.source is Source.REFERRAL else source,
        # A visit cannot be held beyond its beginning, which may be sooner than that of the former.
        held_until=old.held_until and min(old.held_until, wanted.starts_at),
        changed_from=booking_id,
    )
    offer_returned(session, [ended])
    if old.source is Source.REFERRAL:
        follow_change(session, actor, booking_id, booking)
    kin = may_act(session, actor, old.person_id, Scope.BOOK)
    changed = BookingChanged(
        booking_id=booking.id,
        former_id=booking_id,
        person_id=old.person_id,
        by=actor.person_id if kin else None,
    )
    publish(session, changed)
    return booking


def take_instead(
    session: Session, actor: Actor, booking_id: UUID, command: ChangeBooking
) -> BookingView:
    """Take a place for one that the hospital stopped. Repeated, it answers the booking it made.

    Raises NotFound, Denied, or Conflict: ``not_stopped``, or why the place is not to be had.
    """
    former = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    if former.because is not Because.STOPPED:
        raise Conflict("not_stopped", N_("这个预约没有停诊，不用改约。"))
    places.lock_patients(session, [former.person_id])
    made = session.scalar(
        select(Booking.id).where(
            Booking.person_id == former.person_id,
            Booking.changed_from == booking_id,
            Booking.state != State.CANCELLED,
        )
    )
    if made is not None:
        return get_booking(session, actor, made)
    wish = BookSlot(slot_id=command.slot_id, person_id=former.person_id, pool=command.pool)
    # That the hospital stopped a clinic says nothing of how its patients behave.
    wanted, source = allow(session, actor, wish, counted=False)
    booking = take_first(
        session,
        wanted,
        wish,
        _pools_instead(former, command),
        actor.account_id,
        Source.REFERRAL if former.source is Source.REFERRAL else source,
        changed_from=booking_id,
    )
    if former.source is Source.REFERRAL:
        follow_change(session, actor, booking_id, booking)
    publish(session, SlotBooked(booking_id=booking.id, person_id=former.person_id))
    return booking


def _not_changed(old: BookingView) -> Conflict:
    """Why the old place could not be given back for another."""
    if old.state is State.CANCELLED:
        return Conflict(
            "already_cancelled", N_("这个预约已经取消，不能再改时间。需要就诊请重新预约。")
        )
    return too_late(old.cancel_until) if old.cancellable else visit_over()


def _pools_instead(former: BookingView, command: ChangeBooking) -> tuple[Pool, ...]:
    """Where another place is looked for: for one who was referred first among those kept for
    referrals, as the receiving side did.
    """
    if former.source is Source.REFERRAL:
        return (Pool.REFERRAL, command.pool)
    return (command.pool,)


def _changed_to(
    session: Session, actor: Actor, former_id: UUID, command: ChangeBooking
) -> BookingView:
    query = select(Booking.id).where(
        Booking.changed_from == former_id, Booking.slot_id == command.slot_id
    )
    booking_id = session.scalar(query)
    if booking_id is None:
        raise Conflict("already_changed", N_("这个预约刚才已经改到别的时间，请看“我的预约”。"))
    return get_booking(session, actor, booking_id)
