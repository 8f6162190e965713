"""The place of a referred patient: held when it is sent, theirs when it is accepted, given back
when it ends. Whoever calls has asked the policy and holds the patient's lock.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.events import BookingCancelled, SlotBooked
from appointments.models import Referral
from appointments.queries.bookings import find_booking
from appointments.queries.offers import get_slot
from appointments.queries.referral_places import reserved_places
from appointments.schemas import Because, BookingView, BookSlot, Pool, Source, State, Urgency
from appointments.services import places
from appointments.services.booking import find_wanted, take_first
from appointments.services.leaving import hold_absent
from appointments.services.sweeping import offer_returned
from core import clock
from core.errors import Conflict, Invalid
from core.events import publish
from core.messages import N_

# Where the receiving side finds a place: those kept for referrals, then those open to everybody.
RECEIVERS = (Pool.REFERRAL, Pool.PUBLIC)
# Who cannot wait for the next place that is kept takes one of tomorrow's, kept for nobody any more.
HASTY = (Urgency.URGENT, Urgency.EMERGENCY)


def hold_earliest(
    session: Session,
    account_id: UUID,
    person_id: UUID,
    department_id: UUID,
    until: datetime,
    urgency: Urgency,
) -> BookingView | None:
    """Hold the first place kept for referrals that the patient can have, or, where it is urgent,
    an earlier one of a slot whose kept places were given back; None without any.
    """
    for offer in reserved_places(session, department_id, returned=urgency in HASTY):
        try:
            return hold(session, account_id, person_id, offer.slot_id, until)
        except Conflict:
            # Taken in between, or a day on which the patient goes elsewhere.
            continue
    return None


def hold(
    session: Session, account_id: UUID, person_id: UUID, slot_id: UUID, until: datetime
) -> BookingView:
    """Hold this place, until the deadline or its own beginning: one kept for referrals, or, once
    those were given back, one of the public's. Raises NotFound or Conflict.
    """
    wanted = find_wanted(session, slot_id, person_id)
    returned = wanted.reserved_until <= clock.now()
    return take_first(
        session,
        wanted,
        BookSlot(slot_id=slot_id, person_id=person_id),
        RECEIVERS if returned else (Pool.REFERRAL,),
        account_id,
        Source.REFERRAL,
        held_until=min(until, wanted.starts_at),
    )


def give_back(session: Session, booking_id: UUID | None, because: Because) -> None:
    """End a place that was held or promised; one that ended already stays so. Raises Conflict
    ``checked_in`` where its patient is here.
    """
    if booking_id is None:
        return
    hold_absent(session, booking_id)
    before = find_booking(session, booking_id)
    values = {"id": booking_id, "now": clock.now(), "because": because}
    ended = session.execute(places.END_ONE_ANY, values).first()
    if ended is None:
        return
    offer_returned(session, [ended])
    if before and before.state is State.BOOKED and because is not Because.CHANGED:
        publish(session, BookingCancelled(booking_id=booking_id, person_id=ended.person_id))


def promise(
    session: Session, account_id: UUID, referral: Referral, slot_id: UUID | None
) -> UUID | None:
    """Make the held place a booking, or take the one chosen instead; returns the booking, None
    for an emergency that comes without one.

    Raises Conflict: ``place_needed``, ``place_gone``, ``place_given_back``, or why the chosen
    place is not to be had.
    """
    held = find_booking(session, referral.booking_id) if referral.booking_id else None
    if slot_id and not (held and held.slot_id == slot_id and held.state is State.HELD):
        # Both before either: another referral may go the other way at this moment.
        places.lock_slots(session, [slot_id, held.slot_id] if held else [slot_id])
        give_back(session, referral.booking_id, Because.CHANGED)
        return _book(session, account_id, referral, slot_id).id
    if held is None:
        if referral.urgency == Urgency.EMERGENCY:
            return None
        raise Conflict("place_needed", N_("还没有为患者留号。请先选一个时段，再接收。"))
    if held.state is State.BOOKED:
        # The patient took it instead of a held one that the hospital stopped.
        return held.id
    values = {"id": held.id, "now": clock.now()}
    if session.execute(places.CONFIRM, values).first():
        publish(session, SlotBooked(booking_id=held.id, person_id=held.person_id))
        return held.id
    if held.because is Because.PATIENT:
        raise Conflict(
            "place_given_back", N_("患者退回了为其保留的号。请与患者联系，另选一个时段再接收。")
        )
    try:
        return _book(session, account_id, referral, held.slot_id).id
    except Conflict:
        raise Conflict(
            "place_gone", N_("为患者保留的号已经退回，这个时段也没有号了。请另选一个时段再接收。")
        ) from None


def _book(session: Session, account_id: UUID, referral: Referral, slot_id: UUID) -> BookingView:
    """Book a place of the department for good."""
    if get_slot(session, slot_id).department_id != referral.to_department_id:
        raise Invalid(fields={"slot_id": N_("请选择接诊科室的时段。")})
    wanted = find_wanted(session, slot_id, referral.person_id)
    wish = BookSlot(slot_id=slot_id, person_id=referral.person_id)
    booking = take_first(session, wanted, wish, RECEIVERS, account_id, Source.REFERRAL)
    publish(session, SlotBooked(booking_id=booking.id, person_id=referral.person_id))
    return booking
