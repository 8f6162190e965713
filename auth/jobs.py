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
from core import clock
from core.database import transaction
from core.jobs import scheduled

# Longer than any limit looks back.
KEPT = timedelta(days=1)


@scheduled("40 19 * * *")
def forget_attempts() -> None:
    """Remove codes and counted tries that nothing looks at any more."""
    before = clock.now() - KEPT
    with transaction() as session:
        session.execute(delete(Challenge).where(Challenge.created_at < before))
        session.execute(delete(Attempt).where(Attempt.at < before))
        for passing in (AuthorizationCode, UpstreamAttempt, UpstreamArrival):
            session.execute(delete(passing).where(passing.expires_at < before))
