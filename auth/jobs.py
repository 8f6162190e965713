"""Background work of the auth room."""

from datetime import timedelta

from sqlalchemy import delete

from auth.models import Attempt, AuthorizationCode, Challenge, WeChatTicket, WeChatVisit
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
        session.execute(delete(AuthorizationCode).where(AuthorizationCode.expires_at < before))
        session.execute(delete(WeChatTicket).where(WeChatTicket.expires_at < before))
        session.execute(delete(WeChatVisit).where(WeChatVisit.expires_at < before))
