"""Background work of the auth room."""

from datetime import timedelta

from sqlalchemy import delete

from auth.models import (
    Attempt,
    AuthorizationCode,
    Challenge,
    UpstreamArrival,
    UpstreamAttempt,
)
from auth.services.usage import forget_use
from core import clock
from core.database import transaction
from core.jobs import scheduled

# Longer than any limit looks back.
KEPT = timedelta(days=1)


@scheduled("40 19 * * *")
def forget_attempts() -> None:
    """Remove what nothing looks at any more: codes, counted tries, ways abroad, old use."""
    before = clock.now() - KEPT
    with transaction() as session:
        session.execute(delete(Challenge).where(Challenge.created_at < before))
        session.execute(delete(Attempt).where(Attempt.at < before))
        for passing in (AuthorizationCode, UpstreamAttempt, UpstreamArrival):
            session.execute(delete(passing).where(passing.expires_at < before))
        forget_use(session)
