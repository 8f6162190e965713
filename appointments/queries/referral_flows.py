"""Figures of referrals between institutions, for statistics: counts, and nobody's name."""

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Integer, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, array
from sqlalchemy.orm import Session

from appointments.models import Referral
from appointments.referral_rules import referral_rules
from appointments.referral_states import ReferralState
from core import clock
from core.errors import NotFound

REFERRAL = Referral.__table__
SEEN = (ReferralState.ARRIVED, ReferralState.CLOSED)


class ReferralFlow(NamedTuple):
    """Referrals of a period from one institution to another, each in its division, and what
    became of them by now.

    ``accepted`` counts those accepted within the region's time, ``completed`` those of patients
    who came; ``minutes`` are how long each first answer took, the shortest first.
    """

    direction: str
    from_institution_id: UUID
    from_division: str
    to_institution_id: UUID
    to_division: str
    sent: int
    accepted: int
    declined: int
    lapsed: int
    completed: int
    minutes: list[int]


def referral_flows(
    session: Session, start: date, end: date, sender: UUID | None = None
) -> list[ReferralFlow]:
    """Referrals sent on ``start`` ≤ day < ``end``, by ``sender`` or by anybody."""
    state = REFERRAL.c.state
    within = REFERRAL.c.accepted_at <= REFERRAL.c.sent_at + referral_rules().usual.answer_within
    took = cast(func.extract("epoch", REFERRAL.c.answered_at - REFERRAL.c.sent_at) / 60, Integer)
    took_each = func.array_agg(aggregate_order_by(took, took)).filter(
        REFERRAL.c.answered_at.is_not(None)
    )
    key: tuple[Any, ...] = (
        REFERRAL.c.direction,
        REFERRAL.c.from_institution_id,
        REFERRAL.c.from_division,
        REFERRAL.c.to_institution_id,
        REFERRAL.c.division_code,
    )
    query = (
        select(
            *key,
            func.count(),
            func.count().filter(within),
            func.count().filter(state == ReferralState.DECLINED),
            func.count().filter(state == ReferralState.LAPSED),
            func.count().filter(state.in_(SEEN)),
            func.coalesce(took_each, cast(array([]), ARRAY(Integer))),
        )
        .where(REFERRAL.c.sent_at >= clock.at(start, 0), REFERRAL.c.sent_at < clock.at(end, 0))
        .group_by(*key)
        .order_by(*key)
    )
    if sender:
        query = query.where(REFERRAL.c.from_institution_id == sender)
    return [ReferralFlow(*row) for row in session.execute(query)]


def referral_origin(session: Session, referral_id: UUID) -> tuple[UUID, date]:
    """Which institution sent a referral, and on which day. Raises NotFound."""
    query = select(REFERRAL.c.from_institution_id, REFERRAL.c.sent_at)
    row = session.execute(query.where(REFERRAL.c.id == referral_id)).one_or_none()
    if row is None:
        raise NotFound()
    return row.from_institution_id, clock.local(row.sent_at).date()
