"""Places that a referred patient can have."""

from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from appointments.queries.offers import CLINIC, IN_SERVICE, SLOT
from appointments.schemas import PlaceOffer
from core import clock

SHOWN = 12


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
