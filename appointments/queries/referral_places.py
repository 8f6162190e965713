"""Places that a referred patient can have, and figures of referrals for statistics."""

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from appointments.models import Referral
from appointments.queries.offers import CLINIC, IN_SERVICE, SLOT
from appointments.referral_rules import referral_rules
from appointments.referral_states import ReferralState
from appointments.schemas import PlaceOffer
from core import clock

REFERRAL = Referral.__table__
SHOWN = 12


class ReferralFacts(NamedTuple):
    """Referrals of a period by the sending side's division, and what became of them by now.

    ``accepted`` counts those accepted within the region's time; ``median_hours`` is how long the
    first answer took, None where there was none.
    """

    division: str
    direction: str
    sent: int
    accepted: int
    declined: int
    lapsed: int
    completed: int
    median_hours: float | None


def reserved_places(
    session: Session, department_id: UUID, *, returned: bool = False, public: bool = False
) -> list[PlaceOffer]:
    """The next places of a department kept for referrals, soonest first; with ``returned`` also
    the public's of slots whose kept places were given back, with ``public`` all of the public's.
    """
    now = clock.now()
    kept = and_(SLOT.c.referral > 0, SLOT.c.reserved_until > now)
    anybody = and_(SLOT.c.remaining > 0, SLOT.c.opens_at <= now)
    found = [kept]
    if public:
        found.append(anybody)
    elif returned:
        found.append(and_(anybody, SLOT.c.reserved_until <= now))
    query = (
        select(
            SLOT.c.id.label("slot_id"),
            SLOT.c.department_id,
            SLOT.c.starts_at,
            SLOT.c.ends_at,
            CLINIC.c.clinic_name,
            CLINIC.c.doctor_title,
            SLOT.c.referral.label("reserved"),
            SLOT.c.remaining.label("public"),
        )
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .where(
            SLOT.c.department_id == department_id,
            SLOT.c.date >= clock.today(),
            SLOT.c.closes_at > now,
            CLINIC.c.stopped_at.is_(None),
            or_(*found),
            IN_SERVICE,
        )
        .order_by(SLOT.c.date, SLOT.c.starts_at, SLOT.c.id)
        .limit(SHOWN)
    )
    return [PlaceOffer.model_validate(row) for row in session.execute(query)]


def referral_facts(session: Session, start: date, end: date) -> list[ReferralFacts]:
    """Referrals sent on ``start`` ≤ day < ``end``."""
    state = REFERRAL.c.state
    within = REFERRAL.c.accepted_at <= REFERRAL.c.sent_at + referral_rules().usual.answer_within
    hours = func.extract("epoch", REFERRAL.c.answered_at - REFERRAL.c.sent_at) / 3600
    key: tuple[Any, ...] = (REFERRAL.c.from_division, REFERRAL.c.direction)
    query = (
        select(
            *key,
            func.count(),
            func.count().filter(within),
            func.count().filter(state == ReferralState.DECLINED),
            func.count().filter(state == ReferralState.LAPSED),
            func.count().filter(state.in_((ReferralState.ARRIVED, ReferralState.CLOSED))),
            func.percentile_cont(0.5).within_group(hours),
        )
        .where(REFERRAL.c.sent_at >= clock.at(start, 0), REFERRAL.c.sent_at < clock.at(end, 0))
        .group_by(*key)
        .order_by(*key)
    )
    return [
        ReferralFacts(*row[:7], None if row[7] is None else float(row[7]))
        for row in session.execute(query)
    ]
