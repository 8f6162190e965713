"""Background work of the auth room."""

from datetime import timedelta

from sqlalchemy import delete

from auth.models import (
    Attempt,
    AuthorizationCode,
    Challenge,
    Device,
    Notice,
    PasskeyChallenge,
    PendingSignIn,
    Rate,
    WeChatTicket,
    WeChatVisit,
)
from auth.services import recovery
from core import clock
from core.database import transaction
from core.jobs import scheduled

# Longer than any limit looks back.
KEPT = timedelta(days=1)
# As long as its cookie.
DEVICES_KEPT = timedelta(days=400)
# As long as an objection is worth something, and a retry of its message possible.
NOTICES_KEPT = timedelta(days=90)


@scheduled("40 19 * * *")
def forget_attempts() -> None:
    """Remove codes, counted tries and all else that nothing looks at any more."""
    now = clock.now()
    before = now - KEPT
    with transaction() as session:
        session.execute(delete(Challenge).where(Challenge.created_at < before))
        session.execute(delete(Attempt).where(Attempt.at < before))
        session.execute(delete(AuthorizationCode).where(AuthorizationCode.expires_at < before))
        session.execute(delete(WeChatTicket).where(WeChatTicket.expires_at < before))
        session.execute(delete(WeChatVisit).where(WeChatVisit.expires_at < before))
        session.execute(delete(PendingSignIn).where(PendingSignIn.expires_at < before))
        session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < before))
        session.execute(delete(Rate).where(Rate.window_start < before))
        session.execute(delete(Device).where(Device.last_seen_at < now - DEVICES_KEPT))
        session.execute(delete(Notice).where(Notice.created_at < now - NOTICES_KEPT))


@scheduled("*/5 * * * *")
def settle_recoveries() -> None:
    """Let new phones take over whose wait is over, each in a transaction of its own."""
    with transaction() as session:
        due = recovery.due(session)
    for case_id in due:
        with transaction() as session:
            recovery.settle(session, case_id)
