"""Use cases of visits that are over: who came, what missed ones count, and appeals.

Whatever changes what counts holds the patient's lock, so that a suspension follows from all of it.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from appointments import ports
from appointments.events import (
    AppealDecided,
    PatientArrived,
    PatientSuspended,
    SuspensionLifted,
    VisitMissed,
)
from appointments.models import Booking, ClinicSession, CountedVisit, Rule, Suspension
from appointments.queries.bookings import BOOKING, units_of
from appointments.queries.offers import SLOT
from appointments.queries.records import (
    MISSED,
    counting_visits,
    get_suspension,
    suspensions_in_force,
)
from appointments.schemas import (
    DAYS_TO_MARK,
    ONE_VISIT,
    Appeal,
    Because,
    Decide,
    Marked,
    MarkVisit,
    Outcome,
    State,
    SuspensionView,
    VisitAction,
)
from appointments.services import places
from core import clock
from core.access import Actor, Resource, require
from core.errors import Conflict, NotFound
from core.events import publish
from core.ids import new_id
from core.messages import N_
from directory.public import get_institution

OVER = (State.BOOKED, State.ATTENDED, State.NO_SHOW)


def mark_visit(session: Session, actor: Actor, booking_id: UUID, command: MarkVisit) -> Marked:
    """Say whether a patient came, or correct what was said.

    Raises NotFound, Denied, or Conflict: ``visit_not_over``, ``mark_closed``, ``not_a_visit``.
    """
    visit = session.execute(select(BOOKING).where(BOOKING.c.id == booking_id)).one_or_none()
    if visit is None:
        raise NotFound()
    units = units_of(visit.institution_id, visit.division_code)
    resource = Resource("Visit", str(booking_id), visit.person_id, units)
    require(session, actor, VisitAction.MARK_VISIT, resource)
    _require_markable(visit.date)
    if visit.state not in OVER:
        raise Conflict("not_a_visit", N_("这个预约已取消，不用核对到诊。"))
    return Marked(count=_mark(session, [visit], command.outcome, OVER))


def mark_session(session: Session, actor: Actor, session_id: UUID, command: MarkVisit) -> Marked:
    """Say the same of all patients of a session who are not marked yet, except of oneself.

    Raises NotFound, Denied, or Conflict: ``visit_not_over``, ``mark_closed``.
    """
    clinic = session.get(ClinicSession, session_id)
    if clinic is None:
        raise NotFound()
    units = units_of(clinic.institution_id, clinic.division_code)
    resource = Resource("Visit", str(session_id), units=units)
    require(session, actor, VisitAction.MARK_VISIT, resource)
    _require_markable(clinic.date)
    visits = [row for row in _unmarked(session, session_id) if row.person_id != actor.person_id]
    return Marked(count=_mark(session, visits, command.outcome, (State.BOOKED,)))


def settle_session(session: Session, session_id: UUID) -> None:
    """Mark the visits of a session by its check-in; one that kept none is left to the desk."""
    came = ports.seen(session, session_id)
    if came is None:
        return
    visits = _unmarked(session, session_id)
    # All at once first: whoever is locked later in the transaction must not come in another order.
    places.lock_patients(session, [visit.person_id for visit in visits])
    for outcome in Outcome:
        attended = outcome is Outcome.ATTENDED
        some = [visit for visit in visits if (visit.id in came) is attended]
        _mark(session, some, outcome, (State.BOOKED,))


def count_late_cancellation(session: Session, booking_id: UUID) -> None:
    """A cancellation after the deadline counts; any other does not."""
    query = select(BOOKING).where(BOOKING.c.id == booking_id, BOOKING.c.because == Because.LATE)
    visit = session.execute(query).one_or_none()
    if visit:
        places.lock_patients(session, [visit.person_id])
        _judge(session, visit.person_id, visit.institution_id)


def appeal(session: Session, actor: Actor, suspension_id: UUID, command: Appeal) -> SuspensionView:
    """Say something to a suspension, once.

    Raises NotFound, Denied, or Conflict: ``already_appealed``, ``suspension_over``.
    """
    suspension = get_suspension(session, actor, suspension_id, VisitAction.APPEAL)
    if suspension.lifted_at or suspension.until <= clock.now():
        raise Conflict("suspension_over", N_("这次暂停已经结束，可以直接预约，不用申诉。"))
    saying = (
        update(Suspension)
        .where(Suspension.id == suspension_id, Suspension.appealed_at.is_(None))
        .values(appeal=command.text, appealed_at=clock.now())
        .returning(Suspension.id)
    )
    if session.execute(saying).first() is None:
        raise Conflict("already_appealed", N_("这次暂停已经申诉过了，请等医院的答复。"))
    return get_suspension(session, actor, suspension_id, VisitAction.APPEAL)


def decide_appeal(
    session: Session, actor: Actor, suspension_id: UUID, command: Decide
) -> SuspensionView:
    """Lift a suspension or keep it, with a sentence for the patient. What it counted stays
    settled: lifted, it does not count again.

    Raises NotFound, Denied, or Conflict: ``no_appeal``, ``already_decided``.
    """
    before = get_suspension(session, actor, suspension_id, VisitAction.DECIDE_APPEAL)
    if before.appealed_at is None:
        raise Conflict("no_appeal", N_("患者还没有申诉。"))
    # A correction may lift it in this moment.
    places.lock_patients(session, [before.person_id])
    before = get_suspension(session, actor, suspension_id, VisitAction.DECIDE_APPEAL)
    now = clock.now()
    lifted_at = before.lifted_at or (now if command.lift else None)
    deciding = (
        update(Suspension)
        .where(Suspension.id == suspension_id, Suspension.decided_at.is_(None))
        .values(
            decided_at=now,
            decided_by=actor.account_id,
            decision=command.sentence,
            lifted_at=lifted_at,
        )
        .returning(Suspension.id)
    )
    if session.execute(deciding).first() is None:
        raise Conflict("already_decided", N_("这个申诉刚才已经有人处理了。"))
    publish(session, AppealDecided(suspension_id=suspension_id, person_id=before.person_id))
    return get_suspension(session, actor, suspension_id, VisitAction.DECIDE_APPEAL)


def _unmarked(session: Session, session_id: UUID) -> Sequence[Row[Any]]:
    query = (
        select(BOOKING)
        .join(SLOT, SLOT.c.id == BOOKING.c.slot_id)
        .where(SLOT.c.session_id == session_id, BOOKING.c.state == State.BOOKED)
    )
    return session.execute(query).all()


def _require_markable(day: date) -> None:
    today = clock.today()
    if day >= today:
        raise Conflict("visit_not_over", N_("就诊当天还没有过完，明天起才能核对。"))
    if day < today - timedelta(days=DAYS_TO_MARK):
        raise Conflict(
            "mark_closed",
            N_("就诊已过 %(days)s 天，不能再核对或更正。"),
            days=DAYS_TO_MARK,
        )


def _mark(
    session: Session, visits: Iterable[Row[Any]], outcome: Outcome, states: Sequence[State]
) -> int:
    """Mark those that are in one of ``states`` and not marked so already; returns how many."""
    visits = list(visits)
    places.lock_patients(session, [visit.person_id for visit in visits])
    marking = (
        update(Booking)
        .where(
            Booking.id.in_([visit.id for visit in visits]),
            Booking.state.in_(states),
            Booking.state != outcome,
        )
        .values(state=outcome)
        .returning(Booking.id, Booking.person_id, Booking.institution_id)
    )
    changed = session.execute(marking).all()
    event = VisitMissed if outcome is Outcome.NO_SHOW else PatientArrived
    for row in changed:
        publish(session, event(booking_id=row.id, person_id=row.person_id))
    for person_id, institution_id in {(row.person_id, row.institution_id) for row in changed}:
        _judge(session, person_id, institution_id)
    return len(changed)


def _judge(session: Session, person_id: UUID, institution_id: UUID) -> None:
    """Suspend where what counts has come to the rule's most, or lift where it has gone below."""
    rule = session.get_one(Rule, institution_id)
    most = rule.no_show_max * ONE_VISIT
    for suspension in suspensions_in_force(session, [person_id]):
        if suspension.institution_id == institution_id and not _lifted(session, suspension, most):
            return
    visits = counting_visits(session, person_id, institution_id)
    points = sum(visit.points for visit in visits)
    if points < most:
        return
    institution = get_institution(session, institution_id)
    now = clock.now()
    suspension = Suspension(
        id=new_id(),
        person_id=person_id,
        institution_id=institution_id,
        institution_name=institution.name,
        division_code=institution.division_code,
        since=now,
        until=now + timedelta(days=rule.suspend_days),
        points=points,
    )
    session.add(suspension)
    session.flush()
    session.add_all(
        CountedVisit(booking_id=visit.booking_id, suspension_id=suspension.id, weight=visit.points)
        for visit in visits
    )
    session.flush()
    publish(session, PatientSuspended(suspension_id=suspension.id, person_id=person_id))


def _lifted(session: Session, suspension: Suspension, most: int) -> bool:
    """Whether a suspension had to be lifted, as one of its visits was corrected. Those that are
    left of it count on.
    """
    corrected = (
        select(CountedVisit.booking_id)
        .join(BOOKING, BOOKING.c.id == CountedVisit.booking_id)
        .where(CountedVisit.suspension_id == suspension.id, ~MISSED)
    )
    freeing = delete(CountedVisit).where(CountedVisit.booking_id.in_(corrected))
    if not session.execute(freeing.returning(CountedVisit.booking_id)).all():
        return False
    kept = CountedVisit.suspension_id == suspension.id
    suspension.points = sum(session.scalars(select(CountedVisit.weight).where(kept)))
    if suspension.points >= most:
        return False
    suspension.lifted_at = clock.now()
    session.flush()
    session.execute(delete(CountedVisit).where(kept))
    publish(session, SuspensionLifted(suspension_id=suspension.id, person_id=suspension.person_id))
    return True
