"""What our bookings ask of a hospital's own system: lock and confirm, or give back.

Nothing here calls anybody. A job claims the next call (``claim``), makes it outside any
transaction, and brings the answer (``settle``); so do the hospital's late answers. Each call is a
row that ends once, whoever brings its end, as often as it is brought.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.events import BookingRefused
from appointments.models import HospitalCall, HospitalLink
from appointments.queries.exchange import Subject, find_subject
from appointments.queries.offers import find_nearest, get_slot
from appointments.queries.tickets import find_here
from appointments.schemas import Because, Call, CallState, Source, State, Trouble
from appointments.services import places
from appointments.services.telling import tell
from core import clock
from core.errors import NotFound
from core.events import publish
from core.ids import new_id
from core.jobs import defer_by_name
from core.messages import N_
from residents.public import Person, papers_of

CALL_JOB = "appointments.jobs.call_hospital"
MOST_TRIES = 3
# After the first and the second try.
PAUSES = (timedelta(minutes=1), timedelta(minutes=5))
# Longer than a call can take: then whoever made it is gone.
LEASE = timedelta(seconds=60)
# How long the hospital may take to answer what it has accepted.
ANSWER_WAIT = timedelta(minutes=10)
OPEN = (CallState.WAITING, CallState.EXCEPTION)
_ORDER = case({Call.LOCK: 1, Call.CONFIRM: 2, Call.RETURN: 3}, value=HospitalCall.call)

_REFUSED = N_(
    "医院没有留住您的号：%(when)s，%(institution)s %(department)s。预约已取消，不计入您的取消次数。"
    "最近的空位是 %(free)s，点开即可预约。"
)
_REFUSED_NONE_FREE = N_(
    "医院没有留住您的号：%(when)s，%(institution)s %(department)s。预约已取消，不计入您的取消次数。"
    "这个科室近期没有空位，请看看其他科室或医院。"
)


@dataclass(frozen=True, slots=True)
class Order:
    """A call to be made now: where, signed with what, about what. ``attempt`` counts from 1."""

    id: UUID
    booking_id: UUID
    call: Call
    attempt: int
    enabled: bool
    base_url: str
    secret: str = field(repr=False)
    body: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call: done (with the hospital's ``number``), refused, accepted for an answer
    later, or a ``trouble``.
    """

    state: CallState
    number: str = ""
    trouble: Trouble | None = None

    @property
    def final(self) -> bool:
        """Whether it ends the call."""
        return self.state in (CallState.DONE, CallState.REFUSED)


def ask_for_number(session: Session, booking_id: UUID) -> None:
    """Have a booked place locked and confirmed by its hospital, where that is linked and sent the
    session itself. What came from the hospital never goes back to it.
    """
    subject = find_subject(session, booking_id)
    if subject is None or not subject.enabled or subject.state != State.BOOKED:
        return
    if subject.source == Source.HOSPITAL:
        return
    if _add(session, subject, (Call.LOCK, Call.CONFIRM), clock.now()):
        _queue(session, booking_id)


def ask_return(session: Session, booking_id: UUID) -> None:
    """Have the number of an ended booking given back. Where the lock was never tried nothing is
    said; where it may be on its way, that is waited for.
    """
    calls = _calls(session, booking_id)
    lock = calls.get(Call.LOCK)
    if lock is None or Call.RETURN in calls or lock.state in (CallState.REFUSED, CallState.VOID):
        return
    untried = lock.state == CallState.WAITING and lock.attempts == 0
    on_its_way = lock.state == CallState.WAITING and lock.attempts > 0
    _void(session, booking_id)
    if untried:
        return
    subject = find_subject(session, booking_id)
    due = clock.now() + LEASE if on_its_way else clock.now()
    if subject and _add(session, subject, (Call.RETURN,), due):
        _queue(session, booking_id)


def forget_calls(session: Session, booking_id: UUID) -> None:
    """The hospital itself ended it, and is told nothing, now or later."""
    subject = find_subject(session, booking_id)
    if subject:
        _add(session, subject, (Call.RETURN,), clock.now())
    _void(session, booking_id)


def claim(session: Session, booking_id: UUID) -> Order | None:
    """The next call about a booking that is due, and nobody else's for ``LEASE``."""
    row = session.execute(
        select(HospitalCall, HospitalLink)
        .join(HospitalLink, HospitalLink.institution_id == HospitalCall.institution_id)
        .where(HospitalCall.booking_id == booking_id, HospitalCall.state == CallState.WAITING)
        .order_by(_ORDER)
        .limit(1)
        .with_for_update(of=HospitalCall)
    ).first()
    if row is None:
        return None
    call, link = row
    now = clock.now()
    if call.next_at is None or call.next_at > now or not _is_its_turn(session, call):
        return None
    if call.attempts >= MOST_TRIES:
        # Accepted and never answered, or whoever made the last try is gone.
        call.state, call.next_at = CallState.EXCEPTION, None
        call.trouble = call.trouble or Trouble.UNANSWERED
        return None
    subject = find_subject(session, booking_id)
    if subject is None:
        return None
    call.attempts += 1
    call.called_at, call.next_at = now, now + LEASE
    session.flush()
    return Order(
        call.id,
        booking_id,
        Call(call.call),
        call.attempts,
        link.enabled,
        link.base_url,
        link.secret,
        _body(session, subject, Call(call.call)),
    )


def settle(session: Session, order: Order, answer: Answer) -> None:
    """Bring the answer to a call. A failed try is repeated after a pause, the third one goes to
    people; only the last try counts, a late failure of an earlier one changes nothing.
    """
    if answer.final:
        conclude(session, order.booking_id, order.call, answer)
        return
    now = clock.now()
    if answer.trouble is None:
        values = {"next_at": now + ANSWER_WAIT, "trouble": Trouble.UNANSWERED}
    elif order.attempt < MOST_TRIES:
        values = {"next_at": now + PAUSES[order.attempt - 1], "trouble": answer.trouble}
    else:
        values = {
            "state": CallState.EXCEPTION,
            "next_at": None,
            "trouble": answer.trouble,
        }
    session.execute(
        update(HospitalCall)
        .where(
            HospitalCall.id == order.id,
            HospitalCall.state == CallState.WAITING,
            HospitalCall.attempts == order.attempt,
        )
        .values(**values)
    )


def answer_late(
    session: Session, institution_id: UUID, booking_id: UUID, call: Call, answer: Answer
) -> bool:
    """The hospital's own late answer about one of its bookings; whether it changed anything. Goes
    on with the next call. Raises NotFound for what it was never asked.
    """
    query = select(HospitalCall.id).where(
        HospitalCall.booking_id == booking_id,
        HospitalCall.call == call,
        HospitalCall.institution_id == institution_id,
    )
    if session.scalar(query) is None:
        raise NotFound()
    changed = conclude(session, booking_id, call, answer)
    if changed:
        _queue(session, booking_id)
    return changed


def conclude(session: Session, booking_id: UUID, call: Call, answer: Answer) -> bool:
    """End a call that is open, and what follows from it; whether it was open still. A refused
    return is for people to settle, and a refused number whose patient is here already.
    """
    refused = answer.state is CallState.REFUSED
    if refused and call is not Call.RETURN:
        # The slot, the booking, its calls: in this order as where a session is stopped.
        places.lock_booking(session, booking_id)
    for_people = refused and (call is Call.RETURN or find_here(session, booking_id) is not None)
    state = CallState.EXCEPTION if for_people else answer.state
    ended = (
        update(HospitalCall)
        .where(
            HospitalCall.booking_id == booking_id,
            HospitalCall.call == call,
            # Nothing is answered that was not asked.
            HospitalCall.attempts > 0,
            HospitalCall.state.in_((CallState.WAITING,) if for_people else OPEN),
        )
        .values(
            state=state,
            next_at=None,
            trouble=Trouble.REFUSED if refused else None,
            their_number=answer.number,
        )
        .returning(HospitalCall.id)
    )
    if session.execute(ended).first() is None:
        return False
    if refused and not for_people:
        _end_booking(session, booking_id)
    return True


def _end_booking(session: Session, booking_id: UUID) -> None:
    """The hospital has no number for it: the place goes, here too, and the patient is told."""
    _void(session, booking_id)
    values = {"id": booking_id, "now": clock.now(), "because": Because.HOSPITAL}
    ended = session.execute(places.END_ONE_ANY, values).first()
    if ended is None:
        return
    places.withdraw(session, ended.slot_id, ended.pool)
    nearest = find_nearest(session, get_slot(session, ended.slot_id))
    if nearest is None:
        tell(session, booking_id, _REFUSED_NONE_FREE)
    else:
        free = f"{clock.local(nearest.starts_at):%Y-%m-%d %H:%M}"
        tell(session, booking_id, _REFUSED, f"/appointments/slots/{nearest.id}", free=free)
    publish(session, BookingRefused(booking_id=booking_id, person_id=ended.person_id))


def _calls(session: Session, booking_id: UUID) -> dict[str, HospitalCall]:
    """The calls about a booking, held."""
    query = select(HospitalCall).where(HospitalCall.booking_id == booking_id).with_for_update()
    return {call.call: call for call in session.scalars(query.order_by(HospitalCall.id))}


def _add(session: Session, subject: Subject, calls: tuple[Call, ...], due: datetime) -> bool:
    """Add these calls where they are not there; whether any was added."""
    row = {
        "booking_id": subject.booking_id,
        "institution_id": subject.institution_id,
        "division_code": subject.division_code,
        "state": CallState.WAITING,
        "attempts": 0,
        "next_at": due,
        "their_number": "",
        "note": "",
        "created_at": clock.now(),
    }
    added = (
        insert(HospitalCall)
        .values([{"id": new_id(), "call": call, **row} for call in calls])
        .on_conflict_do_nothing()
        .returning(HospitalCall.id)
    )
    return session.execute(added).first() is not None


def _void(session: Session, booking_id: UUID) -> None:
    """Nothing that is open about a booking is needed any more."""
    session.execute(
        update(HospitalCall)
        .where(HospitalCall.booking_id == booking_id, HospitalCall.state.in_(OPEN))
        .values(state=CallState.VOID, next_at=None)
    )


def _is_its_turn(session: Session, call: HospitalCall) -> bool:
    """A number is confirmed once it is locked."""
    if call.call != Call.CONFIRM:
        return True
    query = select(HospitalCall.state).where(
        HospitalCall.booking_id == call.booking_id, HospitalCall.call == Call.LOCK
    )
    return session.scalar(query) == CallState.DONE


def _body(session: Session, subject: Subject, call: Call) -> dict[str, Any]:
    """What the hospital is told: who comes only where it has to keep a number for them."""
    body: dict[str, Any] = {
        "booking_id": str(subject.booking_id),
        "session_id": subject.session_id,
        "starts_at": clock.local(subject.starts_at).isoformat(),
        "number": _their_number(session, subject.booking_id),
    }
    if call is Call.LOCK:
        person = session.get_one(Person, subject.person_id)
        body["patient"] = {"name": person.name} | _papers(session, person)
        body["fee_fen"] = subject.fee_fen
    return body


def _papers(session: Session, person: Person) -> dict[str, Any]:
    """The ID number; of whoever has none the paper that they are known by."""
    if person.id_number is not None:
        return {"id_number": person.id_number}
    paper = papers_of(session, [person]).get(person.id)
    if paper is None:
        return {}
    return {"paper": {"kind": paper.kind.value, "number": paper.number}}


def _their_number(session: Session, booking_id: UUID) -> str:
    query = select(HospitalCall.their_number).where(
        HospitalCall.booking_id == booking_id, HospitalCall.call == Call.LOCK
    )
    return session.scalar(query) or ""


def _queue(session: Session, booking_id: UUID) -> None:
    defer_by_name(session, CALL_JOB, booking_id=str(booking_id))
