"""Background work of the auth room."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Delete, delete, exists

from auth.models import (
    Attempt,
    AuthorizationCode,
    Challenge,
    ClientAssertion,
    Device,
    DeviceRequest,
    LogoutNotice,
    Notice,
    PasskeyChallenge,
    PendingSignIn,
    PushedRequest,
    Rate,
    RecoveryCase,
    RefreshFamily,
    SignInSession,
    Token,
    UpstreamArrival,
    UpstreamAttempt,
    WeChatTicket,
    WeChatVisit,
)
from auth.oidc.backchannel import call_of, deliver
from auth.services import factor_reset, recovery
from auth.services.logout import begin_attempt, end_over, forget_notice, note_answer
from auth.services.signing import rotate_keys
from auth.services.usage import forget_use
from core import clock
from core.database import transaction
from core.errors import Unavailable
from core.jobs import outside_job, scheduled
from core.settings import settings

# Longer than any limit looks back, and than any session lasts.
KEPT = timedelta(days=1)
# A pushed request may be answered half an hour after it was opened.
REQUESTS_KEPT = timedelta(hours=1)
# As long as somebody may ask which session a denied event or a stranger's device was.
SESSIONS_KEPT = timedelta(days=90)
# The case holds a phone; that it was, and who stood for it, stays in the audit.
RECOVERIES_KEPT = timedelta(days=365)
# As long as its cookie.
DEVICES_KEPT = timedelta(days=400)
# As long as an objection is worth something, and a retry of its message possible.
NOTICES_KEPT = timedelta(days=90)


@scheduled("40 19 * * *")
def forget_attempts() -> None:
    """Remove what nothing looks at any more: codes, tokens, counted tries, ways abroad, old use."""
    now = clock.now()
    before = now - KEPT
    with transaction() as session:
        for table in (Challenge, LogoutNotice):
            session.execute(delete(table).where(table.created_at < before))
        session.execute(delete(Attempt).where(Attempt.at < before))
        session.execute(delete(Rate).where(Rate.window_start < before))
        session.execute(delete(Device).where(Device.last_seen_at < now - DEVICES_KEPT))
        session.execute(delete(Notice).where(Notice.created_at < now - NOTICES_KEPT))
        for held in (
            AuthorizationCode, ClientAssertion, RefreshFamily, Token, UpstreamArrival,
            UpstreamAttempt, WeChatTicket, WeChatVisit, PendingSignIn, PasskeyChallenge,
        ):  # fmt: skip
            session.execute(delete(held).where(held.expires_at < before))
        forget_use(session)
        session.execute(_over_and_unheld(now - SESSIONS_KEPT))
        session.execute(delete(RecoveryCase).where(RecoveryCase.ended_at < now - RECOVERIES_KEPT))


def _over_and_unheld(before: datetime) -> Delete:
    """Sessions that were over by then, but for those in which an application still holds something
    offline. Who signed in when stays in the audit.
    """
    holding = (RefreshFamily, Token, AuthorizationCode, DeviceRequest, LogoutNotice)
    held = [exists().where(table.session_id == SignInSession.id) for table in holding]
    over = SignInSession.expires_at < before
    return delete(SignInSession).where(over, *(~each for each in held))


@scheduled("25 * * * *")
def forget_requests() -> None:
    """Remove what applications asked for before anybody had signed in: strangers may write it."""
    before = clock.now() - REQUESTS_KEPT
    with transaction() as session:
        for asked in (PushedRequest, DeviceRequest):
            session.execute(delete(asked).where(asked.expires_at < before))


@scheduled("*/5 * * * *")
def settle_recoveries() -> None:
    """Let new phones take over, and second factors be forgotten, whose wait is over; each in a
    transaction of its own.
    """
    with transaction() as session:
        due = recovery.due(session)
    for case_id in due:
        with transaction() as session:
            recovery.settle(session, case_id)
    with transaction() as session:
        resets = factor_reset.due(session)
    for reset_id in resets:
        with transaction() as session:
            factor_reset.settle(session, reset_id)


@scheduled("*/5 * * * *")
def end_sessions_that_are_over() -> None:
    """End what is over by time or idleness, and tell the applications."""
    with transaction() as session:
        end_over(session)


@scheduled("10 18 * * *")
def rotate_signing_keys() -> None:
    """Publish the next keys when they are due, and forget the old ones."""
    with transaction() as session:
        rotate_keys(session)


@outside_job
def tell_application(notice_id: str) -> None:
    """Tell an application that a session has ended. Raises Unavailable, to be tried again."""
    with transaction() as session:
        notice = begin_attempt(session, UUID(notice_id))
        if notice is None:
            return
        call = call_of(session, notice, settings().public_url.rstrip("/"))
        if call is None:
            forget_notice(session, notice)
            return
    if not deliver(call):
        raise Unavailable("logout_unanswered")
    with transaction() as session:
        note_answer(session, call.notice_id)
