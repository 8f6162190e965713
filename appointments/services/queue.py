"""The queue at a release: come, be drawn, enter in turn.

The order of those who came before the release is committed to by the hash of a seed and decided by
the seed; whoever comes first after it (a request or the job) draws. Entering is arithmetic: number
N enters N / rate seconds after the release.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.errors import UniqueViolation
from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.models import Release
from appointments.queries.queue import (
    JOINED_BEFORE,
    OF_INSTITUTION,
    OFTEN_SECONDS,
    RULE,
    STANDING_ALONE,
    Pace,
    find_queued,
    find_standing,
    own_lock,
    queue_view,
)
from appointments.schemas import QueueView, ReleaseAction
from appointments.services.drawn import remember
from appointments.services.refusals import day_and_time
from core import clock
from core.access import Actor, Resource, decide, require
from core.errors import Conflict, Denied, NotFound
from core.ids import new_id
from core.messages import N_

SEED_BYTES = 32
# One statement for whoever comes, early or late: the count under the release's own lock, so that
# nobody slips past the draw, and for late ones their number. Nothing where the person is there, or
# where it is not the time. It waits for another call of the same person; what that one made it may
# not see, and then breaks the primary key, unless the lock was taken by a statement before.
JOIN = """
WITH own AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(%(own_lock)s::bigint)
), counted AS (
    UPDATE appointments_release
    SET arrivals = arrivals + 1, last_arrived_at = GREATEST(last_arrived_at, %(now)s)
    FROM own
    WHERE id = %(release)s AND opens_at <= %(joined_until)s AND ends_at > %(now)s
      AND (drawn_at IS NOT NULL OR opens_at > %(now)s)
      AND NOT EXISTS (
        SELECT FROM appointments_arrival
        WHERE release_id = %(release)s AND person_id = %(person)s
      )
    RETURNING appointments_release.*
), made AS (
    INSERT INTO appointments_arrival (release_id, person_id, account_id, arrived_at, number)
    SELECT %(release)s, %(person)s, %(account)s, last_arrived_at,
        CASE WHEN drawn_at IS NULL THEN NULL ELSE arrivals END
    FROM counted
    RETURNING number, arrived_at
)
SELECT id, institution_id, opens_at, ends_at, rate, seed_hash, seed, drawn_at, arrivals, drawn,
    made.arrived_at, made.number
FROM counted, made
"""
DRAW = text("""
UPDATE appointments_release
SET drawn_at = :now, seed = :seed, drawn = arrivals
WHERE id = :release AND drawn_at IS NULL AND opens_at <= :now
RETURNING drawn
""")
# The order of sha256(seed || ticket), the ticket being sha256(release || person).
NUMBER = text("""
UPDATE appointments_arrival AS arrival SET number = ranked.number
FROM (
    SELECT person_id, row_number() OVER (ORDER BY sha256(
        decode(:seed, 'hex') || sha256(uuid_send(release_id) || uuid_send(person_id))
    )) AS number
    FROM appointments_arrival WHERE release_id = :release
) AS ranked
WHERE arrival.release_id = :release AND arrival.person_id = ranked.person_id
""")


class Place(NamedTuple):
    """A place in a queue that the policies let somebody take and see."""

    release_id: UUID
    person_id: UUID
    account_id: UUID


class QueueFirst(Conflict):
    """One enters by the queue; ``members`` say where it is and when to ask again."""

    status = 409
    default_code = "queue"
    default_sentence = N_("正在放号，请按排队次序进入，排到后再预约。")

    def __init__(self, queue: QueueView, slot_id: UUID) -> None:
        super().__init__(seconds=queue.ask_again_seconds)
        self.queue = queue
        self.slot_id = slot_id

    @property
    def members(self) -> Mapping[str, object]:
        """The release to join, and this person's turn where it is known."""
        turn = self.queue.turn_at
        return {
            "release_id": str(self.queue.id),
            "turn_at": turn.isoformat() if turn else None,
            "ask_again_seconds": self.queue.ask_again_seconds,
        }


class QueueBefore(QueueFirst):
    """Who has no place in the queue comes after those who wait in it; ``turn_at`` is when the last
    of them enters.
    """

    default_sentence = N_("正在放号，排队的人先约。请过 %(seconds)s 秒再锁公众号，其他号池照常。")


def ensure_release(
    session: Session, institution_id: UUID, opens_at: datetime, minutes: int, rate: int
) -> UUID:
    """The release of this moment, made where nobody made it yet."""
    key = {"institution": institution_id, "opens_at": opens_at}
    found: UUID | None = session.scalar(OF_INSTITUTION, key)
    if found is not None:
        return found
    seed = secrets.token_bytes(SEED_BYTES)
    made = insert(Release).values(
        id=new_id(),
        institution_id=institution_id,
        opens_at=opens_at,
        ends_at=opens_at + timedelta(minutes=minutes),
        rate=rate,
        sealed_seed=seed.hex(),
        seed_hash=hashlib.sha256(seed).hexdigest(),
        arrivals=0,
        drawn=0,
        created_at=clock.now(),
    )
    session.execute(made.on_conflict_do_nothing(index_elements=["institution_id", "opens_at"]))
    release_id: UUID = session.execute(OF_INSTITUTION, key).scalar_one()
    return release_id


def release_of_slot(session: Session, slot_id: UUID) -> UUID | None:
    """The release by whose queue a slot is entered; none where it has none, not yet, or no
    longer. Raises NotFound.
    """
    row = find_queued(session, slot_id)
    if row is None or clock.now() < row.opens_at - JOINED_BEFORE:
        return None
    return ensure_release(
        session, row.institution_id, row.opens_at, row.queue_minutes, row.queue_rate
    )


def place_of(actor: Actor, release_id: UUID) -> Place | None:
    """The place that the policies let the actor take and see; who is given none is refused by
    ``admitted``. A join reads nobody's data and its row is its own record: only a refusal
    is audited.
    """
    resource = Resource("Release", str(release_id), actor.person_id)
    if actor.person_id is None or not decide(actor, ReleaseAction.JOIN, resource)[0]:
        return None
    return Place(release_id, actor.person_id, actor.account_id)


def admitted(session: Session, actor: Actor, release_id: UUID) -> Place:
    """As ``place_of``. Raises Denied."""
    place = place_of(actor, release_id)
    if place is None:
        resource = Resource("Release", str(release_id), actor.person_id)
        require(session, actor, ReleaseAction.JOIN, resource)
        raise Denied()  # the policies want a person; without one there is nobody to have a place
    return place


def look(session: Session, actor: Actor, release_id: UUID) -> QueueView:
    """How the actor stands in a queue; draws where that is due. Raises NotFound, Denied."""
    return stand(session, admitted(session, actor, release_id))


def join(session: Session, actor: Actor, release_id: UUID) -> QueueView:
    """Come to a queue; repeated, from whatever device, it answers the same place.

    Raises NotFound, Denied, Conflict ``queue_not_open`` or ``queue_over``.
    """
    return come(session, admitted(session, actor, release_id))


def stand(session: Session, place: Place) -> QueueView:
    """As ``look``, of whom the policies were asked about."""
    return queue_view(_standing(session, place.release_id, place.person_id)._mapping)


def come(session: Session, place: Place) -> QueueView:
    """As ``join``, of whom the policies were asked about."""
    row = _standing(session, place.release_id, place.person_id, lock=True)
    if row.arrived_at is not None:
        return queue_view(row._mapping)
    now = clock.now()
    if now < row.opens_at - JOINED_BEFORE:
        raise Conflict(
            "queue_not_open",
            N_("%(when)s 开始排队，请到时再来。"),
            when=day_and_time(row.opens_at - JOINED_BEFORE),
        )
    if now >= row.ends_at:
        raise Conflict("queue_over", N_("这次放号的排队已结束，现在可以直接预约。"))
    arrived = _arrive(session, place, now)
    if arrived is not None:
        return queue_view(arrived._mapping)
    # The release moment passed, or somebody drew, between the two statements.
    _standing(session, place.release_id, place.person_id)
    _arrive(session, place, clock.now())
    return queue_view(find_standing(session, place.release_id, place.person_id)._mapping)


def stand_at_once(connection: psycopg.Connection[Any], place: Place) -> QueueView | None:
    """As ``stand`` with one statement; None where that cannot tell: the order is to be drawn first,
    or there is no such release.
    """
    values = {"release": place.release_id, "person": place.person_id}
    row = connection.execute(STANDING_ALONE, values).fetchone()
    if row is None or (row["drawn_at"] is None and clock.now() >= row["opens_at"]):
        return None
    remember(connection, row)
    return queue_view(row)


def come_at_once(connection: psycopg.Connection[Any], place: Place) -> QueueView | None:
    """As ``come`` with one statement, with another where the person is there already; None where
    those cannot tell: too early or over, or the order is to be drawn first.
    """
    try:
        row = connection.execute(JOIN, _arrival(place, clock.now())).fetchone()
    except UniqueViolation:  # they came from elsewhere at the same moment
        row = None
    if row is not None:
        return queue_view(row)
    view = stand_at_once(connection, place)
    return view if view and view.joined else None


def pass_queue(session: Session, actor: Actor, wanted: Row[Any], slot_id: UUID) -> None:
    """Before a public place of a slot whose institution has a queue: let pass whom the queue let
    in; with nobody waiting it is joined and passed in one step. Raises QueueFirst.
    """
    now = clock.now()
    if not _queue_lasts(wanted, now):
        return
    minutes, rate = wanted.queue_minutes, wanted.queue_rate
    release_id = ensure_release(session, wanted.institution_id, wanted.opens_at, minutes, rate)
    row = find_standing(session, release_id, actor.person_id, lock=True)
    nobody_waits = row.arrivals < Pace(row.opens_at, row.rate).entered(now)
    if row.drawn_at is None and nobody_waits and not row.arrivals:
        draw_due(session, release_id)
    if row.arrived_at is None and nobody_waits and actor.person_id:
        _arrive(session, Place(release_id, actor.person_id, actor.account_id), now)
        row = find_standing(session, release_id, actor.person_id)
    queue = queue_view(row._mapping)
    if not queue.admitted:
        raise QueueFirst(queue, slot_id)


def let_queue_first(session: Session, wanted: Row[Any], slot_id: UUID) -> None:
    """Before a public place for somebody who cannot stand in the queue of its release: while people
    wait there, nobody goes before them. Raises QueueBefore.
    """
    now = clock.now()
    if not _queue_lasts(wanted, now):
        return
    key = {"institution": wanted.institution_id, "opens_at": wanted.opens_at}
    release_id = session.scalar(OF_INSTITUTION, key)
    if release_id is None:
        return
    row = find_standing(session, release_id, None)
    last = Pace(row.opens_at, row.rate).turn(row.arrivals)
    if last <= now:
        return
    seconds = max(OFTEN_SECONDS, ceil((last - now).total_seconds()))
    told = {"turn_at": last, "ask_again_seconds": seconds}
    raise QueueBefore(queue_view(row._mapping).model_copy(update=told), slot_id)


def draw_due(session: Session, release_id: UUID) -> bool:
    """Draw the order if the moment has come and nobody did; whether this call drew. However many
    call, one draws: the others wait for its commit and find it done.
    """
    release = session.get(Release, release_id)
    if release is None:
        raise NotFound()
    values = {"release": release_id, "seed": release.sealed_seed, "now": clock.now()}
    if session.execute(DRAW, values).first() is None:
        return False
    session.execute(NUMBER, values)
    return True


def prepare_releases(session: Session) -> list[UUID]:
    """Make the releases that open within the time in which people may come, from the rules'
    times; returns what is to be drawn.
    """
    now = clock.now()
    queued = select(
        RULE.c.institution_id,
        RULE.c.queue_minutes,
        RULE.c.queue_rate,
        RULE.c.release_time,
        RULE.c.by_kind,
    ).where(RULE.c.queue_minutes > 0)
    for rule in session.execute(queued):
        own = (kind.get("release_time") for kind in (rule.by_kind or {}).values())
        times = {f"{rule.release_time:%H:%M}", *(moment for moment in own if moment)}
        for hour, minute in sorted(map(_hour_and_minute, times)):
            # At midnight the day is about to be tomorrow.
            for day in {clock.today(), clock.local(now + JOINED_BEFORE).date()}:
                opens_at = clock.at(day, hour, minute)
                if opens_at - JOINED_BEFORE <= now < opens_at:
                    ensure_release(
                        session,
                        rule.institution_id,
                        opens_at,
                        rule.queue_minutes,
                        rule.queue_rate,
                    )
    due = select(Release.id).where(Release.opens_at <= now, Release.drawn_at.is_(None))
    return list(session.scalars(due))


def _queue_lasts(wanted: Row[Any], now: datetime) -> bool:
    over = wanted.opens_at + timedelta(minutes=wanted.queue_minutes)
    return bool(wanted.opens_at <= now < over)


def _arrive(session: Session, place: Place, now: datetime) -> Row[Any] | None:
    return session.connection().exec_driver_sql(JOIN, _arrival(place, now)).first()


def _arrival(place: Place, now: datetime) -> dict[str, object]:
    return {
        "release": place.release_id,
        "person": place.person_id,
        "account": place.account_id,
        "own_lock": own_lock(place.person_id),
        "now": now,
        "joined_until": now + JOINED_BEFORE,
    }


def _standing(
    session: Session, release_id: UUID, person_id: UUID | None, *, lock: bool = False
) -> Row[Any]:
    """How the person stands, after the draw where that was due."""
    row = find_standing(session, release_id, person_id, lock=lock)
    if row.drawn_at is not None or clock.now() < row.opens_at:
        return row
    draw_due(session, release_id)
    return find_standing(session, release_id, person_id)


def _hour_and_minute(moment: str) -> tuple[int, int]:
    hour, minute, *_ = moment.split(":")
    return int(hour), int(minute)
