"""Use cases of waiting for a full session: join, leave, and offer the places that come back.

A place is offered in a transaction of its own, under the session's lock, which is taken first of
all: workers who run at once offer one after the other, and none is lost or offered twice. That an
offer was taken or has lapsed is part of the statements that confirm and end bookings.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, update
from sqlalchemy.orm import Session

from appointments import ports
from appointments.events import PlaceOffered, WaitClosed, WaitJoined, WaitLeft
from appointments.models import ClinicSession, Wait
from appointments.queries.waits import (
    acting_on,
    can_be_offered,
    count_waiters,
    get_wait,
    in_vain,
    kept_for_waiters,
    next_waiter,
    place_to_offer,
    public_for_waiters,
    rule_of_session,
    session_slots,
    standing,
    wait_resource,
)
from appointments.schemas import (
    BookSlot,
    JoinWait,
    Pool,
    Priority,
    SlotState,
    SlotView,
    Source,
    WaitAction,
    Waiting,
    WaitView,
)
from appointments.services import places
from appointments.services.booking import find_wanted, take_place
from appointments.services.cancelling import cancel_booking
from appointments.services.conduct import watch
from appointments.services.proxies import limit_proxies
from appointments.services.refusals import already_booked, day_and_time, not_offered, suspended
from core import clock
from core.access import Actor, require
from core.errors import Conflict
from core.events import publish
from core.ids import new_id
from core.messages import N_
from residents.public import care_units, people_by_id
from residents.schemas import age_on

# 65 is where the national basic public health services begin to count a person as elderly.
ELDERLY_FROM = 65


def join_wait(session: Session, actor: Actor, command: JoinWait) -> WaitView:
    """Wait for a place of a full session; who waits already goes on waiting.

    Raises NotFound, Denied, what ``watch`` does, or Conflict: ``place_free``, ``wait_over``,
    ``wait_limit``, ``proxies_limit``, and what refuses a booking to the patient or of the session.
    """
    places.lock_patients(session, [command.person_id])
    slots = session_slots(session, command.session_id)
    resource = wait_resource(session, actor, command.person_id, command.session_id)
    require(session, acting_on(actor, resource), WaitAction.JOIN_WAIT, resource)
    now = standing(session, slots[0], command.person_id)
    if now.wait_id:
        return get_wait(session, actor, now.wait_id)
    # Waiting is a way to a place as booking is, and no way around what that asks of an account.
    wanted = find_wanted(session, slots[0].id, command.person_id)
    watch(session, actor, wanted, command.person_id)
    if now.suspended_until:
        raise suspended(now.suspended_until)
    if now.booked:
        raise already_booked()
    _require_full(slots)
    if now.waiting >= now.waitlist_limit:
        raise Conflict(
            "wait_limit",
            N_("每人在一家医院最多同时候补 %(limit)s 个门诊，就诊人已到上限。请先退出一个。"),
            limit=now.waitlist_limit,
        )
    if command.person_id != actor.person_id:
        limit_proxies(session, actor, [(wanted, command)])
    clinic = slots[0]
    wait = Wait(
        id=new_id(),
        session_id=command.session_id,
        person_id=command.person_id,
        account_id=actor.account_id,
        institution_id=clinic.institution_id,
        department_id=clinic.department_id,
        division_code=session.get_one(ClinicSession, command.session_id).division_code,
        date=clinic.date,
        priority=_priority(session, command.person_id, clinic.department_id),
        offers_end=_offers_end(slots),
    )
    session.add(wait)
    session.flush()
    if by := _another(actor, command.person_id):
        publish(session, WaitJoined(wait_id=wait.id, person_id=command.person_id, by=by))
    return get_wait(session, actor, wait.id)


def leave_wait(session: Session, actor: Actor, wait_id: UUID) -> WaitView:
    """Wait no longer; a place that is held for the patient goes to the next, one that they have
    confirmed stays theirs. Raises NotFound or Denied.
    """
    wait = get_wait(session, actor, wait_id, WaitAction.LEAVE_WAIT)
    places.lock_patients(session, [wait.person_id])
    wait = get_wait(session, actor, wait_id)
    if wait.state is Waiting.WAITING:
        leaving = update(Wait).where(Wait.id == wait_id, Wait.state == Waiting.WAITING)
        session.execute(leaving.values(state=Waiting.LEFT, ended_at=clock.now()))
        if by := _another(actor, wait.person_id):
            publish(session, WaitLeft(wait_id=wait_id, person_id=wait.person_id, by=by))
    elif wait.booking_id and wait.held_until and wait.held_until > clock.now():
        cancel_booking(session, actor, wait.booking_id, held=True)
    return get_wait(session, actor, wait_id)


def offer_place(session: Session, session_id: UUID, passed: Collection[UUID]) -> UUID | None:
    """Offer one place of a session to the first of those who wait and were not ``passed`` over.

    Answers whose turn it was; None where no place is left, or nobody can take one: then what was
    kept for them is the public's; and None in the institution's quiet hours, when it stays theirs.
    """
    places.lock_session(session, session_id)
    if rule_of_session(session, session_id).is_quiet(clock.local(clock.now()).time()):
        _keep_meanwhile(session, session_id, count_waiters(session, session_id))
        return None
    waiter = next_waiter(session, session_id, passed)
    if waiter is None:
        _keep_meanwhile(session, session_id, 0)
        return None
    wait_id: UUID = waiter.id
    person_id: UUID = waiter.person_id
    places.lock_patients(session, [person_id])
    # What was read before the patient's lock may have changed meanwhile: they left, or booked.
    if not can_be_offered(session, session_id, wait_id):
        return wait_id
    place = _keep_a_place(session, session_id)
    if place is None:
        # What was kept over a night until it was too late to offer is the public's.
        _keep_meanwhile(session, session_id, count_waiters(session, session_id))
        return None
    wanted = find_wanted(session, place.id, person_id)
    until = min(clock.now() + timedelta(minutes=wanted.offer_minutes), place.cancel_until)
    command = BookSlot(slot_id=place.id, person_id=person_id, pool=Pool.WAITLIST)
    try:
        held = take_place(
            session, wanted, command, waiter.account_id, Source.WAITLIST, held_until=until
        )
    except Conflict:  # the session was stopped in this moment
        return wait_id
    offering = update(Wait).where(Wait.id == wait_id)
    session.execute(offering.values(state=Waiting.OFFERED, booking_id=held.id))
    publish(session, PlaceOffered(wait_id=wait_id, person_id=person_id))
    return wait_id


def close_waits(session: Session, session_id: UUID) -> None:
    """End the waits of a session that no place can come of any more."""
    places.lock_session(session, session_id)
    closing = (
        update(Wait)
        .where(
            Wait.session_id == session_id,
            Wait.state == Waiting.WAITING,
            ClinicSession.id == Wait.session_id,
            in_vain(),
        )
        .values(state=Waiting.CLOSED, ended_at=clock.now())
        .returning(Wait.id, Wait.person_id)
    )
    for row in session.execute(closing).all():
        publish(session, WaitClosed(wait_id=row.id, person_id=row.person_id))


def _another(actor: Actor, person_id: UUID) -> UUID | None:
    """Who acts, where it is not the one who waits."""
    return actor.person_id if actor.person_id != person_id else None


def _keep_a_place(session: Session, session_id: UUID) -> Row[Any] | None:
    """A place in the pool of those who wait, taken from the public's where there is none."""
    while (place := place_to_offer(session, session_id)) is not None:
        values = {"slot_id": place.id, "now": clock.now()}
        if place.waitlist or session.execute(places.CLAIM_FOR_WAITLIST, values).first():
            return place
    return None


def _keep_meanwhile(session: Session, session_id: UUID, wanted: int) -> None:
    """Keep as many places as are ``wanted``, free ones of the public's too, so that nobody goes
    before those who wait; the rest is the public's. Writes slots in the order of locking: where
    there are too many none is added.
    """
    for slot in kept_for_waiters(session, session_id):
        kept = 0 if slot.too_late else min(slot.waitlist, wanted)
        wanted -= kept
        if kept < slot.waitlist:
            values = {"slot_id": slot.id, "places": slot.waitlist - kept}
            session.execute(places.RELEASE_WAITLIST, values)
    if not wanted:
        return
    for slot_id in public_for_waiters(session, session_id):
        values = {"slot_id": slot_id, "now": clock.now()}
        while wanted and session.execute(places.CLAIM_FOR_WAITLIST, values).first():
            wanted -= 1


def _require_full(slots: list[SlotView]) -> None:
    if never := not_offered(slots[0]):
        raise never
    free = next((slot for slot in slots if slot.state is SlotState.FREE), None)
    if free:
        raise Conflict(
            "place_free",
            N_("这个门诊 %(free)s 还有号，可以直接预约，不用候补。"),
            free=day_and_time(free.starts_at),
        )
    if _offers_end(slots) <= clock.now():
        raise Conflict(
            "wait_over", N_("这个门诊的候补已经截止，不会再有退号。请看看其他时间或医生。")
        )


def _offers_end(slots: list[SlotView]) -> datetime:
    """Until whoever has a place may still give it back without it counting."""
    return max(slot.cancel_until for slot in slots)


def _priority(session: Session, person_id: UUID, department_id: UUID) -> Priority:
    if ports.open_referral(session, person_id, department_id):
        return Priority.REFERRED
    born = people_by_id(session, [person_id])[person_id].birth_date
    if age_on(born, clock.today()) >= ELDERLY_FROM:
        return Priority.ELDERLY
    return Priority.CONTRACTED if care_units(session, person_id) else Priority.OTHERS
