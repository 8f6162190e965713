"""What is kept for a while only: answers to retries and marks of delivered events."""

from datetime import timedelta

from sqlalchemy import delete

from core import clock
from core.database import transaction
from core.jobs import scheduled
from core.models import EventDelivery, StoredAnswer

ANSWERS_KEPT = timedelta(days=3)
# Longer than the last retry of a job can come.
DELIVERIES_KEPT = timedelta(days=30)


@scheduled("20 19 * * *")
def forget() -> None:
    """Remove what no retry can ask for any more; daily, at night in China."""
    now = clock.now()
    with transaction() as session:
        session.execute(delete(StoredAnswer).where(StoredAnswer.created_at < now - ANSWERS_KEPT))
        session.execute(
            delete(EventDelivery).where(EventDelivery.delivered_at < now - DELIVERIES_KEPT)
        )
