"""Sessions end, and the applications with tokens of them are told (OpenID Connect Back-Channel
Logout 1.0). Whatever ends a session calls ``end_sessions``; where what opened it is
distrusted, ``end_on_the_way`` goes before.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import (
    Challenge,
    Client,
    LogoutNotice,
    PendingSignIn,
    RefreshFamily,
    RoleGrant,
    SignInSession,
    Token,
)
from auth.queries.actors import STAFF_IDLE
from auth.queries.grants import in_force
from auth.schemas import Purpose
from core import clock
from core.ids import new_id
from core.jobs import defer_by_name

TELL_JOB = "auth.jobs.tell_application"


def end_sessions(session: Session, which: ColumnElement[bool]) -> None:
    """End the live sessions that ``which`` selects and the access tokens given in them; a job tells
    each application that wants to know. Refresh tokens end by themselves unless they are offline.
    """
    now = clock.now()
    ended = session.scalars(
        update(SignInSession)
        .where(which, SignInSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(SignInSession.id)
    ).all()
    if not ended:
        return
    for notice_id in _note_whom_to_tell(session, ended):
        defer_by_name(session, TELL_JOB, notice_id=str(notice_id))
    session.execute(
        update(Token)
        .where(Token.session_id.in_(ended), Token.ended_at.is_(None))
        .values(ended_at=now)
    )


def end_on_the_way(
    session: Session,
    accounts: Collection[UUID] | Select[UUID],
    *,
    but: UUID | None = None,
) -> None:
    """End the sign-ins of these accounts that wait for a further proof, ``but`` the one, and the
    codes sent for it. Called before their sessions end: one that is just being opened is then
    either refused or among these.
    """
    now = clock.now()
    session.execute(
        update(PendingSignIn)
        .where(
            PendingSignIn.account_id.in_(accounts),
            PendingSignIn.ended_at.is_(None),
            PendingSignIn.id.is_distinct_from(but),
        )
        .values(ended_at=now)
    )
    session.execute(
        update(Challenge)
        .where(
            Challenge.account_id.in_(accounts),
            Challenge.purpose == Purpose.PROOF,
            Challenge.used_at.is_(None),
            Challenge.expires_at > now,
        )
        .values(used_at=now)
    )


def end_over(session: Session) -> None:
    """End the sessions whose time is over, or that staff let lie idle, so that the applications
    they opened hear of it as they hear of a signing out.
    """
    now = clock.now()
    staff = exists().where(RoleGrant.account_id == SignInSession.account_id, in_force())
    idle = SignInSession.last_seen_at <= now - STAFF_IDLE
    end_sessions(session, (SignInSession.expires_at <= now) | (idle & staff))


def end_families(session: Session, which: ColumnElement[bool]) -> None:
    """End the refresh families that ``which`` selects, offline ones too, with their access tokens:
    where the owner of the account distrusts what opened them.
    """
    now = clock.now()
    ended = session.scalars(
        update(RefreshFamily)
        .where(which, RefreshFamily.ended_at.is_(None))
        .values(ended_at=now)
        .returning(RefreshFamily.id)
    ).all()
    session.execute(
        update(Token)
        .where(Token.grant_id.in_(ended), Token.ended_at.is_(None))
        .values(ended_at=now)
    )


def begin_attempt(session: Session, notice_id: UUID) -> LogoutNotice | None:
    """Count a try to tell. None where the application has answered already."""
    return session.scalar(
        update(LogoutNotice)
        .where(LogoutNotice.id == notice_id, LogoutNotice.answered_at.is_(None))
        .values(attempts=LogoutNotice.attempts + 1)
        .returning(LogoutNotice)
    )


def forget_notice(session: Session, notice: LogoutNotice) -> None:
    """The application does not want to be told any more: nobody waits for its answer."""
    session.delete(notice)


def note_answer(session: Session, notice_id: UUID) -> None:
    """The application said that it knows."""
    session.execute(
        update(LogoutNotice)
        .where(LogoutNotice.id == notice_id, LogoutNotice.answered_at.is_(None))
        .values(answered_at=clock.now())
    )


def _note_whom_to_tell(session: Session, ended: Sequence[UUID]) -> list[UUID]:
    query = (
        select(Token.session_id, Token.client_id)
        .join(Client, Client.client_id == Token.client_id)
        .where(Token.session_id.in_(ended), Client.backchannel_logout_uri.is_not(None))
        .distinct()
    )
    rows = [
        {"id": new_id(), "session_id": ended_id, "client_id": client_id, "attempts": 0}
        for ended_id, client_id in session.execute(query)
    ]
    if not rows:
        return []
    noted = insert(LogoutNotice).on_conflict_do_nothing().returning(LogoutNotice.id)
    return list(session.scalars(noted, rows))
