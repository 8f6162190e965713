"""A referral and the patient's booking kept together: where the booking moves, falls away, is kept
or missed, the referral follows. Nobody is asking here: the booking's own step asked the policy.
Every change of a referral holds its patient's lock.
"""

from uuid import UUID

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from appointments.models import Booking, Referral
from appointments.queries.bookings import find_booking
from appointments.queries.referrals import find_referral
from appointments.referral_rules import referral_rules
from appointments.referral_states import UNDECIDED, ReferralState, ReferralStep, origins
from appointments.schemas import BookingView, Direction, State
from appointments.services import places
from appointments.services.referral_moves import move, note
from core import clock
from core.access import Actor


def follow_change(session: Session, actor: Actor, former_id: UUID, booking: BookingView) -> None:
    """The patient has ``booking`` in exchange for the former one, which may be a referral's;
    whoever calls holds the patient's lock. What nobody decided yet waits as long as the new place
    is held.
    """
    referral = session.scalars(select(Referral).where(Referral.booking_id == former_id)).first()
    if referral is None:
        return
    session.refresh(referral)
    if referral.state in UNDECIDED:
        until = booking.held_until or referral.answer_by
        changes = {"booking_id": booking.id, "answer_by": min(referral.answer_by, until)}
        changing = update(Referral).where(Referral.id == referral.id).values(changes)
        session.execute(changing.execution_options(synchronize_session=False))
        session.refresh(referral)
    elif referral.state in origins(ReferralStep.MOVE):
        _take(session, referral, ReferralStep.MOVE, actor, booking_id=booking.id)


def lose_visit(session: Session, booking_id: UUID) -> None:
    """A booking ended: the referral that promised it waits for another, until a new deadline."""
    referral = _of_booking(session, booking_id, ReferralStep.LOSE)
    if referral is None:
        return
    booking = find_booking(session, booking_id)
    if booking is None or booking.state is not State.CANCELLED:
        return
    answer_by = clock.now() + referral_rules().rebook_within
    _take(session, referral, ReferralStep.LOSE, None, answer_by=answer_by, reminded_at=None)


def arrive(session: Session, booking_id: UUID) -> None:
    """A patient came to a visit: to the one that was promised, or, where there is none, to the
    department that awaits them.
    """
    referral = _of_booking(session, booking_id, ReferralStep.ARRIVE)
    if referral is None:
        referral = _awaited_without_visit(session, booking_id)
    if referral is not None:
        _take(session, referral, ReferralStep.ARRIVE, None)


def miss(session: Session, booking_id: UUID) -> None:
    """A patient did not come to the visit that was promised."""
    referral = _of_booking(session, booking_id, ReferralStep.MISS)
    if referral is not None:
        _take(session, referral, ReferralStep.MISS, None)


def give_up(session: Session, referral_id: UUID) -> None:
    """Nobody came of those who were to come at once; one who did meanwhile has come."""
    referral = find_referral(session, referral_id)
    places.lock_patients(session, [referral.person_id])
    session.refresh(referral)
    if referral.state == ReferralState.ACCEPTED and referral.booking_id is None:
        _take(session, referral, ReferralStep.MISS, None)


def _take(
    session: Session,
    referral: Referral,
    step: ReferralStep,
    actor: Actor | None,
    **changes: object,
) -> None:
    move(session, referral, step, referral.version, changes)
    note(session, referral, step, actor, None)


def _of_booking(session: Session, booking_id: UUID, step: ReferralStep) -> Referral | None:
    """The referral that promised this booking, if it stands where ``step`` may be taken; held by
    its patient's lock.
    """
    query = select(Referral).where(Referral.booking_id == booking_id)
    referral = session.scalars(query).one_or_none()
    if referral is None:
        return None
    places.lock_patients(session, [referral.person_id])
    session.refresh(referral)
    stands = referral.booking_id == booking_id and referral.state in origins(step)
    return referral if stands else None


def _awaited_without_visit(session: Session, booking_id: UUID) -> Referral | None:
    """The patient's accepted referral to the booking's department that has no visit of its own:
    an emergency, or one whose visit fell away.
    """
    booking = find_booking(session, booking_id)
    if booking is None:
        return None
    places.lock_patients(session, [booking.person_id])
    promised = exists().where(Booking.id == Referral.booking_id, Booking.state != State.CANCELLED)
    query = (
        select(Referral)
        .where(
            Referral.person_id == booking.person_id,
            Referral.direction == Direction.UP,
            Referral.to_department_id == booking.department_id,
            Referral.state.in_((ReferralState.ACCEPTED, ReferralState.UNBOOKED)),
            or_(Referral.booking_id.is_(None), ~promised),
        )
        .order_by(Referral.sent_at)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).first()
