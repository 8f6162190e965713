"""Limits on tries (codes, passwords, identity checks); whose is kept as a keyed digest only."""

from datetime import timedelta

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import Attempt, Rate
from core import clock
from core.crypto import blind_index
from core.errors import TooMany
from core.messages import N_


def count_try(session: Session, kind: str, whose: str, most: int, within: timedelta) -> None:
    """Count a try of ``kind`` by ``whose``; in a transaction of its own, so that a refusal of what
    is tried keeps it. Raises TooMany from the one after ``most`` within ``within`` on.

    Tries at the same moment are counted one after the other. Whoever counts two kinds in one
    transaction always does so in the same order.
    """
    subject = _subject(kind, whose)
    lock = int.from_bytes(subject[:8], signed=True)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    now = clock.now()
    tries = session.scalar(
        select(func.count())
        .select_from(Attempt)
        .where(Attempt.subject == subject, Attempt.at > now - within)
    )
    if (tries or 0) >= most:
        raise too_many()
    session.add(Attempt(subject=subject, at=now))


def count_request(session: Session, kind: str, whose: str, most: int, within: timedelta) -> bool:
    """Count a request against a route's limit, with one statement: windows of ``within`` that begin
    with the first request. Tells whether it is one of the ``most`` that a window holds.
    """
    now = clock.now()
    row = insert(Rate).values(subject=_subject(kind, whose), window_start=now, count=1)
    over = Rate.window_start <= now - within
    counted = row.on_conflict_do_update(
        index_elements=[Rate.subject],
        set_={
            "window_start": case((over, now), else_=Rate.window_start),
            "count": case((over, 1), else_=Rate.count + 1),
        },
    ).returning(Rate.count)
    return session.execute(counted).scalar_one() <= most


def requests_left(session: Session, kind: str, whose: str, most: int, within: timedelta) -> bool:
    """Whether another request would be within the limit; counts none."""
    made = select(Rate.count).where(
        Rate.subject == _subject(kind, whose), Rate.window_start > clock.now() - within
    )
    return (session.scalar(made) or 0) < most


def too_many() -> TooMany:
    """The one refusal of whoever tried too often."""
    return TooMany("too_many", N_("尝试次数太多，请过一会儿再试。"))


def forgive(session: Session, kind: str, whose: str) -> None:
    """Forget all tries: whoever got in is no guesser."""
    session.execute(delete(Attempt).where(Attempt.subject == _subject(kind, whose)))


def forgive_last(session: Session, kind: str, whose: str) -> None:
    """Forget the last try only: others at the same address may still be guessing."""
    last = (
        select(Attempt.id)
        .where(Attempt.subject == _subject(kind, whose))
        .order_by(Attempt.at.desc())
        .limit(1)
    )
    session.execute(delete(Attempt).where(Attempt.id.in_(last)))


def _subject(kind: str, whose: str) -> bytes:
    return blind_index(whose, f"attempt:{kind}")
