"""Use cases of one's places: take, hold and confirm, change, cancel."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from appointments.events import BookingChanged, SlotBooked
from appointments.models import Booking, Rule
from appointments.queries.bookings import booking_view, get_booking, hold_booking, units_of
from appointments.queries.offers import ONE_SLOT, SLOT, get_slot
from appointments.schemas import (
    BY_THEMSELVES,
    Action,
    Because,
    BookGroup,
    BookingGroup,
    BookingView,
    BookSlot,
    BookTogether,
    ChangeBooking,
    Pool,
    Source,
    State,
)
from appointments.services import places
from appointments.services.conduct import require_standing, watch
from appointments.services.proxies import limit_proxies
from appointments.services.queue import pass_queue
from appointments.services.refusals import (
    elderly_only,
    hold_over,
    refusal,
    refused_together,
    too_late,
    visit_over,
)
from appointments.services.sweeping import give_back_expired, offer_returned
from core import clock
from core.access import Actor, Resource, require
from core.errors import Conflict, NotFound
from core.events import publish
from core.ids import new_id
from core.messages import N_
from residents.public import (
    Person,
    acting,
    care_units,
    contracted,
    people_by_id,
    representatives_of,
)
from residents.schemas import age_on

RULE, PERSON = Rule.__table__, Person.__table__
# What is asked for, and the patient's own lock until the end of the transaction: a patient who
# books from two places at once is counted one after the other, so their limits hold exactly.
WANTED = ONE_SLOT.add_columns(
    SLOT.c.division_code,
    RULE.c.day_limit,
    RULE.c.active_limit,
    RULE.c.elderly_age,
    RULE.c.hold_minutes,
    RULE.c.offer_minutes,
    RULE.c.proxies_limit,
    RULE.c.queue_minutes,
    RULE.c.queue_rate,
    select(PERSON.c.name)
    .where(PERSON.c.id == bindparam("person_id"))
    .scalar_subquery()
    .label("person_name"),
    func.pg_advisory_xact_lock(bindparam("patient")).label("lock"),
).join(RULE, RULE.c.institution_id == SLOT.c.institution_id)


def book_slot(session: Session, actor: Actor, command: BookSlot) -> BookingView:
    """Take a place. Raises NotFound, Denied, or Conflict that says why and what is free instead."""
    wanted, source = _want(session, actor, command)
    booking = take_place(session, wanted, command, actor.account_id, source)
    publish(session, SlotBooked(booking_id=booking.id, person_id=command.person_id))
    return booking


def book_group(session: Session, actor: Actor, command: BookGroup) -> list[BookingView]:
    """Take a place for each of several people, or for none of them. Raises as ``book_slot``; a
    refusal says whose limit stood in the way, or that there were not enough places.
    """
    places.lock_patients(session, [each.person_id for each in command.bookings])
    # By slot, so that two families who want the same slots do not wait for each other.
    wishes = sorted(command.bookings, key=lambda each: each.slot_id)
    allowed = [(wish, *_allow(session, actor, wish)) for wish in wishes]
    family = [(wanted, wish) for wish, wanted, source in allowed if source is Source.FAMILY]
    limit_proxies(session, actor, family)
    made: dict[int, BookingView] = {}
    for wish, wanted, source in allowed:
        try:
            booking = take_place(session, wanted, wish, actor.account_id, source)
        except Conflict as refusal:
            alone = len(wishes) == 1
            raise refusal if alone else refused_together(refusal, wanted, len(wishes)) from None
        publish(session, SlotBooked(booking_id=booking.id, person_id=wish.person_id))
        made[id(wish)] = booking
    return [made[id(wish)] for wish in command.bookings]


def book_together(session: Session, actor: Actor, command: BookTogether) -> BookingGroup:
    """Take a place in one slot for each of several people, or for none. Those with a family doctor
    take the places kept for them only where the public's are too few. Raises as ``book_group``.
    """
    people = list(dict.fromkeys(command.person_ids))
    slot = get_slot(session, command.slot_id)
    missing = max(len(people) - slot.remaining, 0)
    kept: list[UUID] = []
    if missing and slot.kept:
        cared_for = contracted(session, people)
        kept = [person_id for person_id in people if person_id in cared_for][:missing][: slot.kept]
    pools = dict.fromkeys(people, Pool.PUBLIC) | dict.fromkeys(kept, Pool.FAMILY_DOCTOR)
    wishes = [
        BookSlot(slot_id=slot.id, person_id=person_id, pool=pool)
        for person_id, pool in pools.items()
    ]
    return BookingGroup(items=book_group(session, actor, BookGroup(bookings=wishes)))


def hold_slot(session: Session, actor: Actor, command: BookSlot) -> BookingView:
    """Take a place for the rule's ``hold_minutes``, to be confirmed. Raises as ``book_slot``."""
    wanted, source = _want(session, actor, command)
    until = clock.now() + timedelta(minutes=wanted.hold_minutes)
    return take_place(session, wanted, command, actor.account_id, source, held_until=until)


def confirm_booking(session: Session, actor: Actor, booking_id: UUID) -> BookingView:
    """Make a held place a booking; one that is booked already stays so.

    Raises NotFound, Denied, or Conflict ``hold_over``; for a place that was offered also
    ``under_review`` and ``booking_rests``.
    """
    booking = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    if booking.state is State.BOOKED:
        return booking
    if booking.source is Source.WAITLIST:
        require_standing(session, actor)
    confirmed = session.execute(places.CONFIRM, {"id": booking_id, "now": clock.now()}).first()
    if confirmed is None:
        current = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
        if current.state is State.BOOKED:
            return current
        raise hold_over()
    publish(session, SlotBooked(booking_id=booking_id, person_id=booking.person_id))
    return get_booking(session, actor, booking_id)


def change_booking(
    session: Session, actor: Actor, booking_id: UUID, command: ChangeBooking
) -> BookingView:
    """Move a booking to another slot in one step: the old place is given back only with the new
    one taken. A held place stays held, as long as the former. Repeated, it answers the booking
    it made.

    Raises NotFound, Denied, or Conflict: ``too_late_to_cancel``, or why the new place is not to
    be had.
    """
    old = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    places.lock_patients(session, [old.person_id])
    old = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    if old.state is State.CANCELLED and old.because is Because.CHANGED:
        return _changed_to(session, actor, booking_id, command)
    if old.slot_id == command.slot_id:
        return old
    wish = BookSlot(slot_id=command.slot_id, person_id=old.person_id, pool=command.pool)
    # Before any slot is locked: a queue's own row comes before slots everywhere.
    wanted, source = _allow(session, actor, wish)
    places.lock_slots(session, [old.slot_id, command.slot_id])
    # Confirmed, cancelled or stopped while this waited for the slots: what counts is how it is now.
    old = hold_booking(session, booking_id)
    if old.held_until and old.held_until <= clock.now():
        raise hold_over()
    values = {"id": booking_id, "now": clock.now(), "because": Because.CHANGED}
    ended = session.execute(places.END_ONE, values).first()
    if ended is None:
        raise too_late(old.cancel_until) if old.state is State.BOOKED else visit_over()
    if wanted.department_id != old.department_id:
        raise Conflict(
            "other_department", N_("改时间只能在同一个科室里改。换科室请取消后重新预约。")
        )
    booking = take_place(
        session,
        wanted,
        wish,
        actor.account_id,
        source,
        held_until=old.held_until,
        changed_from=booking_id,
    )
    offer_returned(session, [ended])
    publish(
        session,
        BookingChanged(booking_id=booking.id, former_id=booking_id, person_id=old.person_id),
    )
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
    wish = BookSlot(slot_id=command.slot_id, person_id=former.person_id)
    wanted, source = _allow(session, actor, wish)
    booking = take_place(session, wanted, wish, actor.account_id, source, changed_from=booking_id)
    publish(session, SlotBooked(booking_id=booking.id, person_id=former.person_id))
    return booking


def take_place(
    session: Session,
    wanted: Row[Any],
    command: BookSlot,
    account_id: UUID | None,
    source: Source,
    *,
    held_until: datetime | None = None,
    changed_from: UUID | None = None,
) -> BookingView:
    """Run the one statement that books; whoever calls has asked the policy and holds the
    patient's lock. Raises Conflict.
    """
    if command.pool is Pool.ELDERLY:
        _refuse_unless_elderly(session, wanted, command.person_id)
    booking_id, now = new_id(), clock.now()
    state = State.HELD if held_until else State.BOOKED
    values = {
        "id": booking_id,
        "slot_id": command.slot_id,
        "person_id": command.person_id,
        "account_id": account_id,
        "institution_id": wanted.institution_id,
        "department_id": wanted.department_id,
        "date": wanted.date,
        "day_limit": wanted.day_limit,
        "active_limit": wanted.active_limit,
        "source": source,
        "state": state,
        "held_until": held_until,
        "changed_from": changed_from,
        "now": now,
        "today": clock.today(),
        # A day's bookings count until midnight, also when their slot has begun.
        "since": clock.at(min(wanted.date, clock.today()), 0),
    }
    statement = places.TAKE[command.pool]
    outcome = session.execute(statement, values).one()
    # Places whose hold ran out since the job last looked.
    if outcome.number is None and give_back_expired(session, command.slot_id):
        outcome = session.execute(statement, values).one()
    if outcome.number is None:
        raise refusal(session, wanted, outcome, command.pool)
    return booking_view(
        {
            **wanted._mapping,
            **values,
            "pool": command.pool,
            "number": outcome.number,
            "created_at": now,
            "cancelled_at": None,
            "because": None,
        }
    )


def find_wanted(session: Session, slot_id: UUID, person_id: UUID) -> Row[Any]:
    """The slot with its institution's limits, and the patient's lock. Raises NotFound."""
    values = {
        "slot_id": slot_id,
        "person_id": person_id,
        "patient": places.patient_lock(person_id),
    }
    wanted = session.execute(WANTED, values).one_or_none()
    if wanted is None or wanted.person_name is None:
        raise NotFound()
    return wanted


def source_of(actor: Actor, command: BookSlot, kin: Collection[UUID]) -> Source:
    """Which way a booking comes when this actor makes it; ``kin`` may act for the patient."""
    if actor.person_id == command.person_id:
        return Source.OWN
    by_pool = {Pool.ONSITE: Source.DESK, Pool.ELDERLY: Source.PHONE}
    if command.pool in by_pool:
        return by_pool[command.pool]
    return Source.FAMILY if actor.person_id in kin else Source.FAMILY_DOCTOR


def _want(session: Session, actor: Actor, command: BookSlot) -> tuple[Row[Any], Source]:
    """As ``_allow``, for a further booking of the account. Raises Conflict too."""
    wanted, source = _allow(session, actor, command)
    if source is Source.FAMILY:
        limit_proxies(session, actor, [(wanted, command)])
    return wanted, source


def _allow(session: Session, actor: Actor, command: BookSlot) -> tuple[Row[Any], Source]:
    """The slot, once the policy has let the actor book it for the patient, and which way."""
    wanted = find_wanted(session, command.slot_id, command.person_id)
    units = units_of(wanted.institution_id, wanted.division_code)
    # Who acts or cares for the patient is looked up only where it can matter.
    own = actor.person_id == command.person_id
    kin = () if own else representatives_of(session, command.person_id)
    cared = not own or command.pool is not Pool.PUBLIC
    care = care_units(session, command.person_id) if cared else ()
    more = {"pool": command.pool, "kin": sorted(map(str, kin)), "care": sorted(care)}
    slot = Resource("Slot", str(command.slot_id), command.person_id, units, more)
    require(session, acting(actor, command.person_id, kin), Action.BOOK, slot)
    source = source_of(actor, command, kin)
    # Places kept for the contracted are not a way around either.
    if command.pool is Pool.PUBLIC or source in BY_THEMSELVES:
        watch(session, actor, wanted, command.person_id)
        if wanted.queue_minutes:
            pass_queue(session, actor, wanted, command.slot_id)
    return wanted, source


def _refuse_unless_elderly(session: Session, wanted: Row[Any], person_id: UUID) -> None:
    """These places are for people of the rule's age, which counts on the day of the visit."""
    born = people_by_id(session, [person_id])[person_id].birth_date
    age = age_on(born, wanted.date)
    if age < wanted.elderly_age:
        raise elderly_only(wanted.elderly_age, age)


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
