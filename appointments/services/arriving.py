"""Use cases of arriving: who is here gets a ticket, once."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select, update
from sqlalchemy.orm import Session

from appointments.checkin_codes import read_code
from appointments.events import PatientArrived
from appointments.models import Ticket
from appointments.queries.bookings import BOOKING, units_of
from appointments.queries.offers import CLINIC, SLOT
from appointments.queries.tickets import RULE, TICKET, hall_topic, queue_topic, ticket_now
from appointments.schemas import (
    BookSlot,
    CheckIn,
    Precedence,
    QueueAction,
    Source,
    State,
    TicketState,
    TicketView,
    WalkIn,
)
from appointments.services.booking import book_slot
from appointments.services.refusals import day_and_time
from core import clock
from core.access import Actor, Resource, require
from core.errors import Conflict, Invalid, NotFound
from core.events import publish
from core.ids import new_id
from core.live import announce
from core.messages import N_
from residents.public import people_by_id
from residents.schemas import age_on

# 老年人 of the regulations is 60 and over; who goes first in a clinic is 80 and over (高龄).
AGED = 80
# 残疾人 in the code list contract_group.
DISABLED = "08"
LABEL_DIGITS = 3

ARRIVING: Select[Any] = (
    select(
        BOOKING.c.id,
        BOOKING.c.person_id,
        BOOKING.c.institution_id,
        BOOKING.c.department_id,
        BOOKING.c.division_code,
        BOOKING.c.date,
        BOOKING.c.starts_at,
        BOOKING.c.state,
        BOOKING.c.source,
        # Where they wait, waited, or would.
        CLINIC.c.id.label("session_id"),
        CLINIC.c.stopped_at,
        RULE.c.early_minutes,
        RULE.c.grace_minutes,
        TICKET.c.id.label("ticket_id"),
        TICKET.c.state.label("ticket_state"),
    )
    .join_from(BOOKING, SLOT, SLOT.c.id == BOOKING.c.slot_id)
    .outerjoin(TICKET, TICKET.c.booking_id == BOOKING.c.id)
    .join(CLINIC, CLINIC.c.id == func.coalesce(TICKET.c.session_id, SLOT.c.session_id))
    .join(RULE, RULE.c.institution_id == BOOKING.c.institution_id)
)


def check_in(session: Session, actor: Actor, command: CheckIn) -> TicketView:
    """Give the patient a ticket; who has one already keeps it, and who had left waits again.

    Raises NotFound, Denied, Invalid ``bad_code``, or Conflict: ``not_today``, ``not_booked``,
    ``too_early``, ``too_late``, ``stopped``.
    """
    booking_id = command.booking_id or read_code(command.code or "")
    if booking_id is None:
        raise Invalid("bad_code", N_("这不是本平台的报到码。请核对后再扫，或按姓名在名单里报到。"))
    row = _arriving(session, booking_id)
    _require_check_in(session, actor, row)
    if row.ticket_id:
        return _come_back(session, row)
    _refuse_unless_expected(row)
    return _admit(session, row, _due(row, accept_late=command.late))


def walk_in(session: Session, actor: Actor, command: WalkIn) -> TicketView:
    """Give somebody who is here a place of the day, and a ticket; who was given it already keeps
    both. However early they are: they came for it, and are called when it is due.

    Raises as ``book_slot``, or Conflict ``not_today``.
    """
    wish = BookSlot(slot_id=command.slot_id, person_id=command.person_id, pool=command.pool)
    try:
        booking_id = book_slot(session, actor, wish).id
    except Conflict:
        given = _given(session, wish)
        if given is None:
            raise
        booking_id = given
    row = _arriving(session, booking_id)
    _require_check_in(session, actor, row)
    if row.ticket_id:
        return _come_back(session, row)
    _refuse_unless_expected(row)
    return _admit(session, row, max(row.starts_at, clock.now()))


def priority_of(session: Session, person_id: UUID, source: str) -> Precedence:
    """Before whom a patient is called, but for what triage finds."""
    person = people_by_id(session, [person_id])[person_id]
    if age_on(person.birth_date, clock.today()) >= AGED:
        return Precedence.AGED
    if DISABLED in person.groups:
        return Precedence.DISABLED
    return Precedence.REFERRED if source == Source.REFERRAL else Precedence.ORDINARY


def changed(session: Session, session_id: UUID, institution_id: UUID) -> None:
    """Tell those who watch a room, or the hall before it."""
    announce(session, queue_topic(session_id), hall_topic(institution_id))


def _arriving(session: Session, booking_id: UUID) -> Row[Any]:
    """The booking, held until the end of the transaction: of two who check it in at once one
    waits, and finds the ticket.
    """
    held = select(BOOKING.c.id).where(BOOKING.c.id == booking_id).with_for_update()
    if session.execute(held).first() is None:
        raise NotFound("no_booking", N_("没有找到这个预约。请核对后再扫，或按姓名在名单里找。"))
    return session.execute(ARRIVING.where(BOOKING.c.id == booking_id)).one()


def _given(session: Session, wish: BookSlot) -> UUID | None:
    """The booking by which the patient has the wanted place."""
    query = select(BOOKING.c.id).where(
        BOOKING.c.person_id == wish.person_id,
        BOOKING.c.slot_id == wish.slot_id,
        BOOKING.c.pool == wish.pool,
        BOOKING.c.state == State.BOOKED,
    )
    return session.scalar(query)


def _require_check_in(session: Session, actor: Actor, row: Row[Any]) -> None:
    units = units_of(row.institution_id, row.division_code)
    booking = Resource("Booking", str(row.id), row.person_id, units, {"kin": [], "care": []})
    require(session, actor, QueueAction.CHECK_IN, booking)


def _refuse_unless_expected(row: Row[Any]) -> None:
    if row.state != State.BOOKED:
        raise Conflict(
            "not_booked", N_("这个预约已取消或还没有确认，不能报到。需要就诊请在导诊台挂现场号。")
        )
    if row.date != clock.today():
        raise Conflict(
            "not_today",
            N_("这个预约是 %(when)s 的，只能在当天报到。"),
            when=day_and_time(row.starts_at),
        )
    if row.stopped_at is not None:
        raise Conflict("stopped", N_("这个门诊今天停诊。请到导诊台改约其他医生或时间。"))


def _due(row: Row[Any], *, accept_late: bool) -> datetime:
    """When the patient is due: at their slot, or, let in after their time, when they came."""
    now = clock.now()
    opens = row.starts_at - timedelta(minutes=row.early_minutes)
    ends = row.starts_at + timedelta(minutes=row.grace_minutes)
    if now < opens:
        raise Conflict(
            "too_early",
            N_("来得有点早：%(slot)s 的号从 %(opens)s 开始报到，请先休息一会儿。"),
            slot=f"{clock.local(row.starts_at):%H:%M}",
            opens=f"{clock.local(opens):%H:%M}",
        )
    if now <= ends:
        return row.starts_at  # type: ignore[no-any-return]
    if not accept_late:
        raise Conflict(
            "too_late",
            N_("%(slot)s 的号已过报到时间（%(ends)s 截止）。导诊台可以让您排在准时的人后面。"),
            slot=f"{clock.local(row.starts_at):%H:%M}",
            ends=f"{clock.local(ends):%H:%M}",
        )
    return now


def _admit(session: Session, row: Row[Any], due_at: datetime) -> TicketView:
    ticket_id = new_id()
    values = {
        "id": ticket_id,
        "session_id": row.session_id,
        "institution_id": row.institution_id,
        "department_id": row.department_id,
        "division_code": row.division_code,
        "date": row.date,
        "booking_id": row.id,
        "person_id": row.person_id,
        "priority": priority_of(session, row.person_id, row.source),
        "state": TicketState.WAITING,
        "label": _next_label(session, row),
        "due_at": due_at,
        "arrived_at": clock.now(),
        "calls": 0,
    }
    session.execute(insert(Ticket).values(values))
    publish(session, PatientArrived(booking_id=row.id, person_id=row.person_id))
    return _told(session, ticket_id)


def _next_label(session: Session, row: Row[Any]) -> str:
    """The next number of the department's day; others of the department wait for this commit."""
    lock = int.from_bytes(row.department_id.bytes[8:], signed=True)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    given = session.execute(
        select(func.count())
        .select_from(TICKET)
        .where(TICKET.c.department_id == row.department_id, TICKET.c.date == row.date)
    ).scalar_one()
    return f"{given + 1:0{LABEL_DIGITS}d}"


def _come_back(session: Session, row: Row[Any]) -> TicketView:
    """With the ticket there is; who had left waits again, while the place is theirs still."""
    if row.ticket_state == TicketState.LEFT:
        _refuse_unless_expected(row)
        session.execute(
            update(Ticket)
            .where(Ticket.id == row.ticket_id, Ticket.state == TicketState.LEFT)
            .values(state=TicketState.WAITING, calls=0, due_at=clock.now())
        )
    return _told(session, row.ticket_id)


def _told(session: Session, ticket_id: UUID) -> TicketView:
    ticket = ticket_now(session, ticket_id)
    changed(session, ticket.session_id, ticket.institution_id)
    return ticket
