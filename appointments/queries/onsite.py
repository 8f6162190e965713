"""Places of the day for those who are at the hospital."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from appointments.queries.offers import CLINIC, IN_SERVICE, SLOT
from core import clock


def find_onsite(session: Session, institution_id: UUID, department_id: UUID) -> UUID | None:
    """The slot of the department's earliest on-site place today."""
    query = (
        select(SLOT.c.id)
        .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
        .where(
            SLOT.c.department_id == department_id,
            SLOT.c.institution_id == institution_id,
            SLOT.c.date == clock.today(),
            SLOT.c.ends_at > clock.now(),
            SLOT.c.onsite > 0,
            CLINIC.c.stopped_at.is_(None),
            IN_SERVICE,
        )
        .order_by(SLOT.c.starts_at, SLOT.c.id)
        .limit(1)
    )
    return session.scalar(query)
