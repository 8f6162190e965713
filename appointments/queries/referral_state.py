"""What is asked of referrals by rule: whether one is open, whose deadline is near or over."""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from appointments.models import Booking, Referral
from appointments.referral_rules import referral_rules
from appointments.referral_states import OPEN, UNDECIDED
from appointments.schemas import State
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
    """Referrals nobody decided before their deadline."""
    query = select(REFERRAL.c.id).where(
        REFERRAL.c.state.in_(UNDECIDED), REFERRAL.c.answer_by <= clock.now()
    )
    return list(session.scalars(query.order_by(REFERRAL.c.answer_by)))


def nearly_due(session: Session) -> list[UUID]:
    """Referrals whose deadline is near and was not recalled yet."""
    query = select(REFERRAL.c.id).where(due_soon(), REFERRAL.c.reminded_at.is_(None))
    return list(session.scalars(query.order_by(REFERRAL.c.answer_by)))


def due_soon() -> ColumnElement[bool]:
    """The condition that nobody decided and the deadline is near."""
    soon = clock.now() + referral_rules().remind_before
    return and_(REFERRAL.c.state.in_(UNDECIDED), REFERRAL.c.answer_by <= soon)
