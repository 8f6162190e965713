"""The queues of the rooms: who is called in which order, for the desk and for the patient."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    Table,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from appointments.models import Rule, Ticket, Triage
from appointments.queries.bookings import BOOKING, LIVE, units_of
from appointments.queries.offers import CLINIC, CLINIC_COLUMNS, SLOT
from appointments.queries.pace import read_pace, wait_range
from appointments.schemas import (
    ArrivalWindow,
    BookingView,
    QueueAction,
    QueueRow,
    RoomQueue,
    RoomRow,
    TicketState,
    TicketView,
)
from core import clock
from core.access import Actor, Resource, decide, require
from core.errors import NotFound
from directory.public import get_institution
from directory.schemas import InstitutionView
from residents.public import Person, representatives_of

TICKET = cast(Table, Ticket.__table__)
PATIENT = Person.__table__
RULE = Rule.__table__
IN_QUEUE = (TicketState.WAITING, TicketState.SKIPPED)
# Of a patient who is here and was not seen yet.
HERE = (*IN_QUEUE, TicketState.CALLED)


def _order(ticket: FromClause, skip_behind: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """The one order in which a room's patients are called. Whoever was passed over waits until so
    many others were called, or nobody else is left.
    """
    since = TICKET.alias()
    called_since = (
        select(func.count())
        .select_from(since)
        .where(since.c.session_id == ticket.c.session_id, since.c.called_at > ticket.c.skipped_at)
        .scalar_subquery()
    )
    skipped = ticket.c.state == TicketState.SKIPPED
    behind = case((skipped, skip_behind > called_since), else_=False)
    return behind, ticket.c.priority, ticket.c.due_at, ticket.c.arrived_at, ticket.c.id


ORDER = _order(TICKET, bindparam("skip_behind"))
ROWS: Select[Any] = (
    select(
        TICKET.c.id,
        TICKET.c.booking_id,
        TICKET.c.label,
        TICKET.c.state,
        TICKET.c.priority,
        TICKET.c.due_at,
        TICKET.c.arrived_at,
        TICKET.c.calls,
        PATIENT.c.name.label("person_name"),
        PATIENT.c.sex,
        PATIENT.c.birth_date,
    )
    .join(PATIENT, PATIENT.c.id == TICKET.c.person_id)
    .where(
        TICKET.c.session_id == bindparam("session"),
        TICKET.c.state.in_(HERE),
    )
    .order_by(*ORDER)
)


def _in_room(*columns: TicketState) -> tuple[Any, ColumnElement[bool]]:
    """The tickets of the room that is read, in these states."""
    found = TICKET.alias()
    return found, (found.c.session_id == CLINIC.c.id) & found.c.state.in_(columns)


def _count(*states: TicketState) -> ColumnElement[Any]:
    found, condition = _in_room(*states)
    return select(func.count()).select_from(found).where(condition).scalar_subquery()


def _now_called() -> ColumnElement[Any]:
    found, condition = _in_room(TicketState.CALLED)
    return select(found.c.label).where(condition).scalar_subquery()


def _begins_at() -> ColumnElement[Any]:
    """When the room's first slot begins, as long as nobody was called there."""
    called = TICKET.alias()
    anybody = exists().where(called.c.session_id == CLINIC.c.id, called.c.called_at.is_not(None))
    first = select(func.min(SLOT.c.starts_at)).where(SLOT.c.session_id == CLINIC.c.id)
    return case((~anybody, first.correlate(CLINIC).scalar_subquery()))


def _ahead() -> ColumnElement[Any]:
    """How many are called before a ticket; null for one that is not waiting. In the statement that
    reads the ticket, as a call may come between two of them.
    """
    queued = TICKET.alias()
    here = queued.c.session_id == TICKET.c.session_id
    order = _order(queued, RULE.c.skip_behind)
    ids = select(queued.c.id).where(here, queued.c.state.in_(IN_QUEUE)).order_by(*order)
    queue = func.array(ids.correlate(TICKET, RULE).scalar_subquery())
    return func.array_position(queue, TICKET.c.id) - 1


ROOMS: Select[Any] = select(
    CLINIC.c.id.label("session_id"),
    CLINIC.c.date,
    CLINIC.c.division_code,
    CLINIC.c.half_day,
    CLINIC.c.stopped_at,
    # A pause without a reason of ours (a hospital's own) is just a pause.
    case((CLINIC.c.paused_at.is_not(None), CLINIC.c.pause_reason)).label("pause"),
    _count(*IN_QUEUE).label("waiting"),
    _count(TicketState.DONE).label("done"),
    _now_called().label("called"),
    RULE.c.recall_max,
    RULE.c.skip_behind,
    *CLINIC_COLUMNS,
).join_from(CLINIC, RULE, RULE.c.institution_id == CLINIC.c.institution_id)
ROOM = ROOMS.where(CLINIC.c.id == bindparam("session"))
ONE: Select[Any] = (
    select(
        TICKET.c.id,
        TICKET.c.booking_id,
        TICKET.c.session_id,
        TICKET.c.person_id,
        TICKET.c.division_code,
        TICKET.c.label,
        TICKET.c.state,
        TICKET.c.priority,
        TICKET.c.date,
        TICKET.c.due_at,
        TICKET.c.arrived_at,
        TICKET.c.called_at,
        TICKET.c.calls,
        case((CLINIC.c.paused_at.is_not(None), CLINIC.c.pause_reason)).label("pause"),
        _now_called().label("now_called"),
        _ahead().label("ahead"),
        _begins_at().label("begins_at"),
        RULE.c.recall_max,
        *CLINIC_COLUMNS,
    )
    .join_from(TICKET, CLINIC, CLINIC.c.id == TICKET.c.session_id)
    .join(RULE, RULE.c.institution_id == TICKET.c.institution_id)
)


def queue_resource(session_id: UUID | str, institution_id: UUID, division_code: str) -> Resource:
    """A room's queue as the policy sees it."""
    return Resource("Queue", str(session_id), units=units_of(institution_id, division_code))


def queue_topic(session_id: UUID) -> str:
    """Under which changes of a room's queue are announced."""
    return f"queue:{session_id}"


def hall_topic(institution_id: UUID) -> str:
    """Under which changes of any queue of an institution are announced."""
    return f"hall:{institution_id}"


def list_rooms(
    session: Session, actor: Actor, institution_id: UUID, institution: InstitutionView | None = None
) -> list[RoomRow]:
    """The rooms of today by department and half-day, with those that were stopped while somebody
    is there still. Raises NotFound or Denied.
    """
    place = institution or get_institution(session, institution_id)
    wanted = queue_resource(institution_id, institution_id, place.division_code)
    require(session, actor, QueueAction.RUN_QUEUE, wanted)
    found = ROOMS.where(
        CLINIC.c.institution_id == institution_id,
        CLINIC.c.date == clock.today(),
        or_(CLINIC.c.stopped_at.is_(None), _count(*HERE) > 0),
    ).order_by(CLINIC.c.department_name, CLINIC.c.half_day.desc(), CLINIC.c.clinic_name)
    return [RoomRow.model_validate(row) for row in session.execute(found)]


def get_queue(session: Session, actor: Actor, session_id: UUID) -> RoomQueue:
    """A room's queue. Raises NotFound or Denied."""
    return queue_view(session, require_room(session, actor, session_id))


def require_room(session: Session, actor: Actor, session_id: UUID) -> Row[Any]:
    """Let whoever runs this room's queue pass. Raises NotFound or Denied."""
    room = find_room(session, session_id)
    wanted = queue_resource(session_id, room.institution_id, room.division_code)
    require(session, actor, QueueAction.RUN_QUEUE, wanted)
    return room


def find_room(session: Session, session_id: UUID) -> Row[Any]:
    """A room, for those who ask the policy themselves. Raises NotFound."""
    room = session.execute(ROOM, {"session": session_id}).one_or_none()
    if room is None:
        raise NotFound()
    return room


def queue_view(session: Session, room: Row[Any]) -> RoomQueue:
    """A room's queue as it is now; the caller has asked the policy."""
    values = {"session": room.session_id, "skip_behind": room.skip_behind}
    rows = [QueueRow.model_validate(row) for row in session.execute(ROWS, values)]
    called = next((row for row in rows if row.state is TicketState.CALLED), None)
    return RoomQueue.model_validate(
        {
            **room._mapping,
            "called": called,
            "waiting": [row for row in rows if row is not called],
            "recalls_left": max(0, room.recall_max + 1 - called.calls) if called else 0,
            "pace": read_pace(session, room.session_id).minutes,
        }
    )


def rooms_beside(session: Session, queue: RoomQueue) -> list[RoomRow]:
    """The other rooms of the department today, to which a patient can go on; the caller has asked
    the policy for this one.
    """
    found = ROOMS.where(
        CLINIC.c.department_id == queue.department_id,
        CLINIC.c.date == queue.date,
        CLINIC.c.id != queue.session_id,
        CLINIC.c.stopped_at.is_(None),
    ).order_by(CLINIC.c.half_day.desc(), CLINIC.c.clinic_name)
    return [RoomRow.model_validate(row) for row in session.execute(found)]


def get_ticket(
    session: Session,
    actor: Actor,
    ticket_id: UUID,
    action: QueueAction = QueueAction.READ_TICKET,
) -> TicketView:
    """One ticket, for reading or for what ``action`` says. Raises NotFound or Denied."""
    found = session.execute(ONE.where(TICKET.c.id == ticket_id)).one_or_none()
    if found is None:
        raise NotFound()
    require(session, actor, action, _ticket_resource(session, actor, found))
    return ticket_view(session, found)


def find_ticket_of(session: Session, actor: Actor, booking_id: UUID) -> TicketView | None:
    """The ticket of a booking, none before its patient is checked in. Raises Denied."""
    found = require_ticket_of(session, actor, booking_id)
    return ticket_view(session, found) if found else None


def require_ticket_of(session: Session, actor: Actor, booking_id: UUID) -> Row[Any] | None:
    """Let whoever may see a booking's ticket pass, if there is one. Raises Denied."""
    found = session.execute(ONE.where(TICKET.c.booking_id == booking_id)).one_or_none()
    if found:
        wanted = _ticket_resource(session, actor, found)
        require(session, actor, QueueAction.READ_TICKET, wanted)
    return found


def ticket_of_booking(session: Session, booking_id: UUID) -> TicketView | None:
    """A booking's ticket as it is now, for one who was let look at it before."""
    found = session.execute(ONE.where(TICKET.c.booking_id == booking_id)).one_or_none()
    return ticket_view(session, found) if found else None


def find_here(session: Session, booking_id: UUID) -> Row[Any] | None:
    """The ticket by which the patient of a live booking is here; for this room's own steps."""
    query: Select[Any] = (
        select(TICKET.c.id, TICKET.c.session_id, TICKET.c.institution_id, TICKET.c.division_code)
        .join(BOOKING, BOOKING.c.id == TICKET.c.booking_id)
        .where(
            TICKET.c.booking_id == booking_id,
            TICKET.c.state.in_(HERE),
            BOOKING.c.state.in_(LIVE),
        )
    )
    return session.execute(query).one_or_none()


def redirected_to(session: Session, booking_id: UUID) -> UUID | None:
    """The booking with which triage sent a booking's patient on to another department."""
    query = (
        select(Triage.booking_id)
        .join(Ticket, Ticket.id == Triage.ticket_id)
        .where(Ticket.booking_id == booking_id, Triage.booking_id.is_not(None))
    )
    return session.scalar(query)


def runs_queue(actor: Actor, ticket: Row[Any]) -> bool:
    """Whether the policies let the actor run the room in which a ticket stands."""
    room = queue_resource(ticket.session_id, ticket.institution_id, ticket.division_code)
    return decide(actor, QueueAction.RUN_QUEUE, room)[0]


def room_of_ticket(session: Session, ticket_id: UUID) -> UUID:
    """Where a ticket waits; whoever goes there asks the policy. Raises NotFound."""
    room: UUID | None = session.scalar(select(Ticket.session_id).where(Ticket.id == ticket_id))
    if room is None:
        raise NotFound()
    return room


def arrival_window(session: Session, booking: BookingView) -> ArrivalWindow:
    """When a booking is checked in by itself; who is later asks at the desk."""
    query = select(RULE.c.early_minutes, RULE.c.grace_minutes).where(
        RULE.c.institution_id == booking.institution_id
    )
    rule = session.execute(query).one()
    return ArrivalWindow(
        opens_at=booking.starts_at - timedelta(minutes=rule.early_minutes),
        ends_at=booking.starts_at + timedelta(minutes=rule.grace_minutes),
    )


def ticket_now(session: Session, ticket_id: UUID) -> TicketView:
    """A ticket as it is now, for one who was let look at it before. Raises NotFound."""
    found = session.execute(ONE.where(TICKET.c.id == ticket_id)).one_or_none()
    if found is None:
        raise NotFound()
    return ticket_view(session, found)


def ticket_view(session: Session, row: Row[Any]) -> TicketView:
    """A row of ``ONE`` with the wait."""
    wait, now = None, clock.now()
    begins_at = row.begins_at if row.begins_at and row.begins_at > now else None
    if row.ahead is not None and row.pause is None:
        pace = read_pace(session, row.session_id)
        before = (begins_at - now).total_seconds() / 60 if begins_at else 0
        wait = wait_range(row.ahead, row.now_called is not None, pace, before)
    span = {"wait_from": wait[0] if wait else None, "wait_until": wait[1] if wait else None}
    return TicketView.model_validate({**row._mapping, **span, "begins_at": begins_at})


def seen_on(session: Session, session_id: UUID) -> frozenset[UUID] | None:
    """Who of a session's bookings came, whichever room they were sent on to; None where nobody was
    checked in: where the desk is not used, nobody's absence is known. For this room's own settling
    of the day.
    """
    query = (
        select(TICKET.c.booking_id)
        .join(BOOKING, BOOKING.c.id == TICKET.c.booking_id)
        .join(SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .where(SLOT.c.session_id == session_id)
    )
    return frozenset(session.scalars(query)) or None


def _ticket_resource(session: Session, actor: Actor, row: Row[Any]) -> Resource:
    units = units_of(row.institution_id, row.division_code)
    own = actor.person_id == row.person_id
    kin = () if own or actor.person_id is None else representatives_of(session, row.person_id)
    more = {"kin": sorted(map(str, kin))}
    return Resource("Ticket", str(row.id), row.person_id, units, more)
