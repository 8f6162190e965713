"""Use cases of the triage desk.

Four levels: 1 in danger of life, 2 critical, 3 urgent, 4 not urgent (急诊病人病情分级试点指导原则,
征求意见稿; from memory, 待核实). The first two go before everybody.
"""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from appointments.events import BookingCancelled
from appointments.models import Booking, Ticket, Triage
from appointments.queries.bookings import find_booking
from appointments.queries.onsite import find_onsite
from appointments.queries.tickets import HERE, get_ticket
from appointments.schemas import (
    Because,
    Precedence,
    QueueAction,
    RecordTriage,
    Source,
    TicketState,
    TicketView,
    TriageView,
    WalkIn,
)
from appointments.services import places
from appointments.services.arriving import changed, priority_of, walk_in
from appointments.services.referral_visits import follow_change
from appointments.services.sweeping import offer_returned
from core import clock
from core.access import Actor
from core.errors import Conflict
from core.events import publish
from core.messages import N_

EMERGENCY_LEVEL = 2


def record_triage(
    session: Session, actor: Actor, ticket_id: UUID, command: RecordTriage
) -> TriageView:
    """Keep what triage found, and send the patient on: before everybody where the level says so,
    and to another department where the command names one, with a place of the day there.

    Raises NotFound, Denied, or Conflict: ``none_onsite``, ``over``, or why there is no place.
    """
    ticket = get_ticket(session, actor, ticket_id, QueueAction.TRIAGE)
    if ticket.state not in HERE:
        raise _over()
    goes_on = ticket
    elsewhere = command.department_id
    redirected = elsewhere is not None and elsewhere != ticket.department_id
    if elsewhere and redirected:
        goes_on = _redirect(session, actor, ticket, elsewhere)
    _put_first(session, goes_on, command.level)
    triage = Triage(
        ticket_id=ticket_id,
        person_id=ticket.person_id,
        institution_id=ticket.institution_id,
        division_code=session.get_one(Ticket, ticket_id).division_code,
        level=command.level,
        complaint=command.complaint,
        department_id=elsewhere if redirected else None,
        booking_id=goes_on.booking_id if redirected else None,
        made_by=actor.account_id,
    )
    session.add(triage)
    session.flush()
    return TriageView(
        id=triage.id,
        level=command.level,
        ticket_id=goes_on.id,
        label=goes_on.label,
        redirected=redirected,
    )


def _redirect(
    session: Session, actor: Actor, ticket: TicketView, department_id: UUID
) -> TicketView:
    """The old place goes back without counting against the patient, the new one is taken; both or
    neither.
    """
    places.lock_patients(session, [ticket.person_id])
    slot_id = find_onsite(session, ticket.institution_id, department_id)
    if slot_id is None:
        raise Conflict(
            "none_onsite",
            N_("这个科室今天没有现场号了。请选其他科室，或联系该科室加号。"),
        )
    former = session.get_one(Booking, ticket.booking_id)
    # Both before either: another patient may go the other way at this moment.
    places.lock_slots(session, [former.slot_id, slot_id])
    gone = (
        update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.state.in_(HERE))
        .values(state=TicketState.LEFT, skipped_at=None)
        .returning(Ticket.id)
    )
    if session.execute(gone).first() is None:
        raise _over()
    values = {"id": ticket.booking_id, "now": clock.now(), "because": Because.HOSPITAL}
    ended = session.execute(places.END_ONE_ANY, values).all()
    offer_returned(session, ended)
    changed(session, ticket.session_id, ticket.institution_id)
    goes_on = walk_in(session, actor, WalkIn(slot_id=slot_id, person_id=ticket.person_id))
    new = find_booking(session, goes_on.booking_id)
    if new and former.source == Source.REFERRAL:
        # Before the fact that the former visit fell away: it did not, it goes on elsewhere.
        follow_change(session, actor, former.id, new)
    for row in ended:
        publish(session, BookingCancelled(booking_id=row.id, person_id=row.person_id))
    return goes_on


def _over() -> Conflict:
    return Conflict("over", N_("这位患者已就诊完或已离开，不能再分诊。"))


def _put_first(session: Session, ticket: TicketView, level: int) -> None:
    if level <= EMERGENCY_LEVEL:
        priority = Precedence.EMERGENCY
    else:
        booking = session.get_one(Booking, ticket.booking_id)
        priority = priority_of(session, ticket.person_id, booking.source)
    session.execute(update(Ticket).where(Ticket.id == ticket.id).values(priority=priority))
    changed(session, ticket.session_id, ticket.institution_id)
