"""Use cases of one's places: take, hold and confirm, change, cancel."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import Session

from appointments.events import SlotBooked
from appointments.models import Rule
from appointments.queries.at_hospital import ASKED_SINCE, UNASKED
from appointments.queries.bookings import booking_view, get_booking, units_of
from appointments.queries.offers import ONE_SLOT, SLOT, get_slot
from appointments.schemas import (
    BY_THEMSELVES,
    Action,
    BookGroup,
    BookingGroup,
    BookingView,
    BookSlot,
    BookTogether,
    Pool,
    Source,
    State,
)
from appointments.services import places
from appointments.services.conduct import watch
from appointments.services.proxies import limit_proxies
from appointments.services.queue import pass_queue
from appointments.services.refusals import (
    elderly_only,
    hold_over,
    refusal,
    refused_together,
)
from appointments.services.sweeping import give_back_expired
from core import clock
from core.access import Actor, Resource, require
from core.errors import Conflict, NotFound
from core.events import publish
from core.ids import new_id
from residents.public import (
    Person,
    acting,
    care_units,
    contracted,
    may_act,
    people_by_id,
    representatives_of,
)
from residents.schemas import Scope, age_on

RULE, PERSON = Rule.__table__, Person.__table__
# What is asked for, and the patient's own lock until the end of the transaction: a patient who
# books from two places at once is counted one after the other, so their limits hold exactly.
WANTED = ONE_SLOT.add_columns(
    ASKED_SINCE,
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
    allowed = [(wish, *allow(session, actor, wish)) for wish in wishes]
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

    Raises NotFound, Denied, or Conflict ``hold_over``; for a place that was offered, which counts
    as an attempt to book, also what ``watch`` does.
    """
    booking = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
    if booking.state is State.BOOKED:
        return booking
    # Staff who confirm for a patient do their daily work.
    if booking.source is Source.WAITLIST and may_act(session, actor, booking.person_id, Scope.BOOK):
        wanted = find_wanted(session, booking.slot_id, booking.person_id)
        watch(session, actor, wanted, booking.person_id)
    confirmed = session.execute(places.CONFIRM, {"id": booking_id, "now": clock.now()}).first()
    if confirmed is None:
        current = get_booking(session, actor, booking_id, Action.CANCEL_BOOKING)
        if current.state is State.BOOKED:
            return current
        raise hold_over()
    publish(session, SlotBooked(booking_id=booking_id, person_id=booking.person_id))
    return get_booking(session, actor, booking_id)


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
        "rests": places.rests(command.pool, source),
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
            **UNASKED,
            "pool": command.pool,
            "number": outcome.number,
            "created_at": now,
            "cancelled_at": None,
            "because": None,
            "checked_in": False,
        }
    )


def take_first(
    session: Session,
    wanted: Row[Any],
    command: BookSlot,
    pools: Sequence[Pool],
    account_id: UUID | None,
    source: Source,
    *,
    held_until: datetime | None = None,
    changed_from: UUID | None = None,
) -> BookingView:
    """As ``take_place``, from the first of these pools that has a place. Raises the last one's
    Conflict.
    """
    *first, last = [command.model_copy(update={"pool": pool}) for pool in pools]
    take = partial(
        take_place,
        session,
        wanted,
        account_id=account_id,
        source=source,
        held_until=held_until,
        changed_from=changed_from,
    )
    for wish in first:
        try:
            return take(wish)
        except Conflict:
            continue
    return take(last)


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
    """As ``allow``, for a further booking of the account. Raises Conflict too."""
    wanted, source = allow(session, actor, command)
    if source is Source.FAMILY:
        limit_proxies(session, actor, [(wanted, command)])
    return wanted, source


def allow(
    session: Session, actor: Actor, command: BookSlot, *, counted: bool = True
) -> tuple[Row[Any], Source]:
    """The slot, once the policy has let the actor book it for the patient, and which way. With
    ``counted`` off it is no attempt that the rules of conduct look at. Raises NotFound, Denied,
    and what ``watch`` and ``pass_queue`` do.
    """
    wanted = find_wanted(session, command.slot_id, command.person_id)
    units = units_of(wanted.institution_id, wanted.division_code)
    # Who acts or cares for the patient is looked up only where it can matter.
    own = actor.person_id == command.person_id
    kin = () if own else representatives_of(session, command.person_id)
    cared = not own or command.pool is not Pool.PUBLIC
    care = care_units(session, command.person_id) if cared else ()
    more = {
        "pool": command.pool,
        "kin": sorted(map(str, kin)),
        "care": sorted(care),
        "returned": wanted.reserved_until <= clock.now(),
    }
    slot = Resource("Slot", str(command.slot_id), command.person_id, units, more)
    require(session, acting(actor, command.person_id, kin), Action.BOOK, slot)
    source = source_of(actor, command, kin)
    # Places kept for the contracted are not a way around either.
    if command.pool is Pool.PUBLIC or source in BY_THEMSELVES:
        # A team books for many: what is unusual of a resident is its daily work.
        if counted and source is not Source.FAMILY_DOCTOR:
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
