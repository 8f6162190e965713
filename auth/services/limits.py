"""Limits on tries (codes, passwords, identity checks); whose is kept as a keyed digest only."""

from datetime import timedelta
from math import ceil
from typing import NamedTuple, cast

from sqlalchemy import Table, bindparam, case, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import Attempt, Rate
from core import clock
from core.crypto import blind_index
from core.errors import TooMany
from core.ids import new_id
from core.messages import N_
from core.statements import Statement, Where

ATTEMPT, RATE = cast(Table, Attempt.__table__), cast(Table, Rate.__table__)
LOCK = Statement(
    text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")
)
TRY = Statement(
    text("""
WITH tried AS (
    SELECT id, subject, most > (
        SELECT count(*) FROM auth_attempt
        WHERE auth_attempt.subject = given.subject AND at > :since
    ) AS may
    FROM unnest(CAST(:ids AS uuid[]), CAST(:subjects AS bytea[]), CAST(:most AS integer[]))
        AS given (id, subject, most)
), made AS (
    INSERT INTO auth_attempt (id, subject, at)
    SELECT id, subject, :now FROM tried WHERE (SELECT bool_and(may) FROM tried)
)
SELECT bool_and(may) AS may FROM tried
""")
)
FORGIVE = Statement(delete(ATTEMPT).where(ATTEMPT.c.subject == bindparam("whose")))
FORGIVE_LAST = Statement(
    delete(ATTEMPT).where(
        ATTEMPT.c.id.in_(
            select(ATTEMPT.c.id)
            .where(ATTEMPT.c.subject == bindparam("whose"))
            .order_by(ATTEMPT.c.at.desc())
            .limit(1)
        )
    )
)
OVER = RATE.c.window_start <= bindparam("since")
COUNT = Statement(
    insert(RATE)
    .values(subject=bindparam("whose"), window_start=bindparam("now"), count=bindparam("made"))
    .on_conflict_do_update(
        index_elements=[RATE.c.subject],
        set_={
            "window_start": case((OVER, bindparam("now")), else_=RATE.c.window_start),
            "count": case((OVER, bindparam("made")), else_=RATE.c.count + bindparam("made")),
        },
    )
    .returning(RATE.c.count.label("made"), RATE.c.window_start.label("since"))
)
LEFT = Statement(
    select(RATE.c.count.label("made"), RATE.c.window_start.label("since")).where(
        RATE.c.subject == bindparam("whose"), RATE.c.window_start > bindparam("since")
    )
)


class Tries(NamedTuple):
    """Whose tries of what are counted, and how many there may be."""

    kind: str
    whose: str
    most: int


def count_try(session: Session, kind: str, whose: str, most: int, within: timedelta) -> None:
    """Count a try of ``kind`` by ``whose``; in a transaction of its own, so that a refusal of what
    is tried keeps it. Raises TooMany from the one after ``most`` within ``within`` on.

    Tries at the same moment are counted one after the other. Whoever counts two kinds in one
    transaction always does so in the same order.
    """
    count_tries(session, within, Tries(kind, whose, most))


def count_tries(session: Session, within: timedelta, *tries: Tries) -> None:
    """As ``count_try``, of several kinds at once: all are counted, or none."""
    subjects = [_subject(each.kind, each.whose) for each in tries]
    # By a statement before, so that the other sees what those who held the locks have counted.
    LOCK.send(session, {"keys": [int.from_bytes(each[:8], signed=True) for each in subjects]})
    now = clock.now()
    given = {
        "ids": [new_id() for _ in tries],
        "subjects": subjects,
        "most": [each.most for each in tries],
        "since": now - within,
        "now": now,
    }
    if not TRY.first(session, given).may:
        raise too_many(within)


def count_requests(
    session: Session, kind: str, whose: str, most: int, within: timedelta, made: int = 1
) -> int:
    """Count requests against a route's limit, with one statement: windows of ``within`` that begin
    with the first request. In how many seconds the window ends, where these are not among the
    ``most`` that it holds; else 0.
    """
    now = clock.now()
    given = {"whose": _subject(kind, whose), "now": now, "since": now - within, "made": made}
    row = COUNT.first(session, given)
    return 0 if row.made <= most else _seconds(row.since + within - now)


def wait_for_request(where: Where, kind: str, whose: str, most: int, within: timedelta) -> int:
    """As ``count_requests``, of one request more; counts none."""
    now = clock.now()
    row = LEFT.first(where, {"whose": _subject(kind, whose), "since": now - within})
    return 0 if row is None or row.made < most else _seconds(row.since + within - now)


def _seconds(time: timedelta) -> int:
    """Whole ones, at least one: the clocks of two processes are never quite the same."""
    return max(1, ceil(time.total_seconds()))


def too_many(within: timedelta) -> TooMany:
    """The one refusal of whoever tried too often; after ``within`` at the latest it is over."""
    return TooMany("too_many", N_("尝试次数太多，请过一会儿再试。"), retry_after=_seconds(within))


def forgive(session: Session, kind: str, whose: str) -> None:
    """Forget all tries: whoever got in is no guesser."""
    FORGIVE.send(session, {"whose": _subject(kind, whose)})


def forgive_last(session: Session, kind: str, whose: str) -> None:
    """Forget the last try only: others at the same address may still be guessing."""
    FORGIVE_LAST.send(session, {"whose": _subject(kind, whose)})


def _subject(kind: str, whose: str) -> bytes:
    return blind_index(whose, f"attempt:{kind}")
