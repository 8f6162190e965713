"""What is asked of referrals by rule: whether one is open, whose deadline is near or over."""

from uuid import UUID

from sqlalchemy import ColumnElement, Interval, and_, case, exists, literal, select
from sqlalchemy.orm import Session

from appointments.models import Booking, Referral
from appointments.referral_rules import referral_rules
from appointments.referral_states import OPEN, WITH_DEADLINE, ReferralState
from appointments.schemas import Direction, State, Urgency
from core import clock

REFERRAL = Referral.__table__
VISIT = Booking.__table__


def has_open_referral(session: Session, person_id: UUID, department_id: UUID) -> bool:
    """Whether somebody referred this person to this department and it still leads to a visit;
    whoever asks has asked the policy.
    """
    query = select(
        exists().where(
            REFERRAL.c.person_id == person_id,
            REFERRAL.c.to_department_id == department_id,
            REFERRAL.c.state.in_(OPEN),
        )
    )
    return bool(session.scalar(query))


def was_patient(session: Session, person_id: UUID, institution_id: UUID) -> bool:
    """Whether the person came, or is to come, to this institution."""
    query = select(
        exists().where(
            VISIT.c.person_id == person_id,
            VISIT.c.institution_id == institution_id,
            VISIT.c.state != State.CANCELLED,
        )
    )
    return bool(session.scalar(query))


def overdue(session: Session) -> list[UUID]:
    """Referrals nobody decided, or found another visit for, before their deadline."""
    query = select(REFERRAL.c.id).where(
        REFERRAL.c.state.in_(WITH_DEADLINE), REFERRAL.c.answer_by <= clock.now()
    )
    return list(session.scalars(query.order_by(REFERRAL.c.answer_by)))


def not_come(session: Session) -> list[UUID]:
    """Referrals of patients who were to come at once, and of whom nobody said that they came."""
    over = clock.now() - referral_rules().come_within
    query = select(REFERRAL.c.id).where(
        REFERRAL.c.state == ReferralState.ACCEPTED,
        REFERRAL.c.direction == Direction.UP,
        REFERRAL.c.booking_id.is_(None),
        REFERRAL.c.accepted_at <= over,
    )
    return list(session.scalars(query.order_by(REFERRAL.c.accepted_at)))


def nearly_due(session: Session) -> list[UUID]:
    """Referrals whose deadline is near and was not recalled yet."""
    query = select(REFERRAL.c.id).where(due_soon(), REFERRAL.c.reminded_at.is_(None))
    return list(session.scalars(query.order_by(REFERRAL.c.answer_by)))


def due_soon() -> ColumnElement[bool]:
    """The condition that something is to be done and the deadline is near, as the urgency says."""
    before = {each: referral_rules().haste(each).remind_before for each in Urgency}
    soon = clock.now() + case(
        {each.value: literal(span, Interval) for each, span in before.items()},
        value=REFERRAL.c.urgency,
    )
    return and_(
        REFERRAL.c.state.in_(WITH_DEADLINE),
        # In words the index knows, and then exactly.
        REFERRAL.c.answer_by <= clock.now() + max(before.values()),
        REFERRAL.c.answer_by <= soon,
    )
