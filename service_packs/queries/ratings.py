"""What people answered after a confirmed service."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service_packs.models import Rating
from service_packs.queries.records import view_record
from service_packs.schemas import RecordView

MOST_WORDS = 50


def rated_record(session: Session, record_id: UUID) -> RecordView:
    """One record with the stars, for whoever answers for it; the caller has asked the policy."""
    stars = session.scalar(select(Rating.stars).where(Rating.record_id == record_id))
    return view_record(session, record_id).model_copy(update={"stars": stars})


def rating_words(
    session: Session, team_id: UUID, since: datetime, until: datetime
) -> tuple[str, ...]:
    """What was written to a team's services between two instants, in an order that tells nothing of
    whose it is. The caller has asked the policy, and whether enough have answered.
    """
    query = (
        select(Rating.word)
        .where(
            Rating.team_id == team_id,
            Rating.rated_at >= since,
            Rating.rated_at < until,
            Rating.word.is_not(None),
        )
        .limit(MOST_WORDS)
    )
    return tuple(sorted(word for word in session.scalars(query) if word))
