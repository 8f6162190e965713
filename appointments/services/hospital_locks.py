"""A hospital's own channels lock a number of ours, confirm it, or give it back, under an id that
the hospital makes: the same call twice is one.
"""

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.events import BookingCancelled, SlotBooked
from appointments.models import Booking, ClinicSession, HospitalLock, Slot
from appointments.queries.bookings import LIVE
from appointments.queries.exchange import exchange_resource
from appointments.schemas import (
    Because,
    BookSlot,
    ExchangeAction,
    LockNumber,
    LockState,
    LockView,
    Patient,
    Pool,
    Source,
    State,
)
from appointments.services import places
from appointments.services.booking import find_wanted, take_place
from appointments.services.leaving import hold_absent
from appointments.services.queue import let_queue_first
from appointments.services.refusals import hold_over
from appointments.services.sweeping import offer_returned
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.messages import N_
from residents.public import find_by_paper, find_identified


def lock_number(
    session: Session,
    actor: Actor,
    institution_id: UUID,
    unit: str | None,
    lock_id: str,
    command: LockNumber,
) -> LockView:
    """Hold a place for the rule's ``hold_minutes``.

    A patient must be known to the portal. It makes no resident of a name and a number that nobody
    checked: that person's own real-name check would later find somebody else's record in its way.
    For others the hospital keeps numbers of its own, and sends so many fewer.

    Raises Denied, NotFound, Invalid ``patient_unknown``, or Conflict: why there is no place,
    ``queue`` while people wait at the release, ``lock_mismatch``, ``lock_returned``.
    """
    require(session, actor, ExchangeAction.LOCK, exchange_resource(institution_id, unit))
    # Without what is not given, so that calls from before there were other papers stay the same.
    told = command.model_dump_json(exclude_none=True)
    fingerprint = hashlib.sha256(told.encode()).digest()
    if (known := _find(session, institution_id, lock_id)) is not None:
        return _again(session, known, fingerprint)
    slot_id = _slot_of(session, institution_id, command)
    person_id = _patient(session, command.patient)
    if person_id is None:
        sentence = N_(
            "门户里没有这位患者，或姓名与证件号不符。请核对证件；患者还没有在门户实名的，"
            "请用医院自留的号，或请患者先在门户实名。"
        )
        raise Invalid("patient_unknown", sentence, fields={"patient": sentence})
    wanted = find_wanted(session, slot_id, person_id)
    # With the patient's lock: a repeated call that waited for the first one finds it.
    if (known := _find(session, institution_id, lock_id)) is not None:
        return _again(session, known, fingerprint)
    if command.pool is Pool.PUBLIC:
        let_queue_first(session, wanted, slot_id)
    wish = BookSlot(slot_id=slot_id, person_id=person_id, pool=command.pool)
    until = clock.now() + timedelta(minutes=wanted.hold_minutes)
    booking = take_place(session, wanted, wish, None, Source.HOSPITAL, held_until=until)
    lock = insert(HospitalLock).values(
        institution_id=institution_id,
        lock_id=lock_id,
        booking_id=booking.id,
        channel=command.channel,
        fingerprint=fingerprint,
        created_at=clock.now(),
    )
    if session.execute(lock.on_conflict_do_nothing().returning(HospitalLock.lock_id)).first():
        return _view(session, lock_id, booking.id)
    raise _mismatch()


def _patient(session: Session, patient: Patient) -> UUID | None:
    if patient.paper is not None:
        kind, number = patient.paper.kind, patient.paper.number
        person = find_by_paper(session, patient.name, number, kind)
        return person.id if person else None
    return find_identified(session, patient.name, patient.id_number or "")


def confirm_number(
    session: Session, actor: Actor, institution_id: UUID, unit: str | None, lock_id: str
) -> LockView:
    """Make a held number a booking; one that is booked already stays so.

    Raises Denied, NotFound, or Conflict ``hold_over``.
    """
    require(session, actor, ExchangeAction.LOCK, exchange_resource(institution_id, unit))
    lock = _find(session, institution_id, lock_id)
    if lock is None or lock.booking_id is None:
        raise NotFound()
    values = {"id": lock.booking_id, "now": clock.now()}
    if session.execute(places.CONFIRM, values).first() is not None:
        person_id = session.get_one(Booking, lock.booking_id).person_id
        publish(session, SlotBooked(booking_id=lock.booking_id, person_id=person_id))
    view = _view(session, lock_id, lock.booking_id)
    if view.state not in (LockState.BOOKED, LockState.OVER):
        raise hold_over()
    return view


def return_number(
    session: Session, actor: Actor, institution_id: UUID, unit: str | None, lock_id: str
) -> LockView:
    """Give a number back; one that was given back stays so. An id that is not known yet is kept, so
    that a lock that comes late takes nothing. Raises Denied, or Conflict ``checked_in`` where the
    patient is here.
    """
    require(session, actor, ExchangeAction.LOCK, exchange_resource(institution_id, unit))
    mark = insert(HospitalLock).values(
        institution_id=institution_id, lock_id=lock_id, created_at=clock.now()
    )
    session.execute(mark.on_conflict_do_nothing())
    lock = _find(session, institution_id, lock_id)
    if lock is None or lock.booking_id is None:
        return _returned(lock_id)
    hold_absent(session, lock.booking_id)
    values = {"id": lock.booking_id, "now": clock.now(), "because": Because.HOSPITAL}
    was_booked = session.scalar(select(Booking.state).where(Booking.id == lock.booking_id))
    ended = session.execute(places.END_ONE_ANY, values).first()
    if ended is not None:
        offer_returned(session, [ended])
        if was_booked == State.BOOKED:
            cancelled = BookingCancelled(booking_id=ended.id, person_id=ended.person_id)
            publish(session, cancelled)
    return _view(session, lock_id, lock.booking_id)


def _find(session: Session, institution_id: UUID, lock_id: str) -> HospitalLock | None:
    return session.get(HospitalLock, (institution_id, lock_id), populate_existing=True)


def _again(session: Session, lock: HospitalLock, fingerprint: bytes) -> LockView:
    if lock.booking_id is None:
        raise Conflict("lock_returned", N_("这个锁号编号已经退号，不能再锁。请换一个编号。"))
    if lock.fingerprint != fingerprint:
        raise _mismatch()
    return _view(session, lock.lock_id, lock.booking_id)


def _mismatch() -> Conflict:
    return Conflict("lock_mismatch", N_("这个锁号编号已用于另一个号，请换一个编号。"))


def _slot_of(session: Session, institution_id: UUID, command: LockNumber) -> UUID:
    query = (
        select(Slot.id)
        .join(ClinicSession, ClinicSession.id == Slot.session_id)
        .where(
            ClinicSession.institution_id == institution_id,
            ClinicSession.external_id == command.session_id,
            Slot.starts_at == command.starts_at,
        )
    )
    slot_id = session.scalar(query)
    if slot_id is None:
        raise NotFound()
    return slot_id


def _view(session: Session, lock_id: str, booking_id: UUID) -> LockView:
    query = select(Booking.state, Booking.number, Booking.held_until)
    booking = session.execute(query.where(Booking.id == booking_id)).one()
    if booking.state == State.CANCELLED:
        state = LockState.RETURNED
    elif booking.state in LIVE:
        state = LockState(booking.state)
    else:
        state = LockState.OVER
    return LockView(
        lock_id=lock_id,
        state=state,
        booking_id=booking_id,
        number=booking.number,
        held_until=booking.held_until,
    )


def _returned(lock_id: str) -> LockView:
    return LockView(
        lock_id=lock_id,
        state=LockState.RETURNED,
        booking_id=None,
        number=None,
        held_until=None,
    )
