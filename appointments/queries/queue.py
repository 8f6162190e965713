"""Queues at a release: where they are, and how somebody stands in one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Row, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.orm import Session

from appointments.models import Arrival, Release, Rule
from appointments.queries.offers import CLINIC, SLOT
from appointments.schemas import OrderProof, OrderQuery, Phase, PlaceInOrder, QueueView
from core import clock
from core.errors import Conflict, NotFound
from core.messages import N_

# People may come this long before the release.
JOINED_BEFORE = timedelta(minutes=15)
# How often who waits may ask: far from their turn seldom, near it at once.
SELDOM_SECONDS, OFTEN_SECONDS = 20, 2
# After the draw those who waited come to see their numbers; so many a second are borne, and
# nobody learns theirs later than this.
LOOKS_PER_SECOND, LONGEST_SPREAD = 500, 10.0
OWN_LOCK = 0x7175657565
RELEASE, ARRIVAL, RULE = Release.__table__, Arrival.__table__, Rule.__table__
# Built once: at the release minute everybody asks it. Two primary keys.
STANDING = (
    select(
        RELEASE.c.id,
        RELEASE.c.institution_id,
        RELEASE.c.opens_at,
        RELEASE.c.ends_at,
        RELEASE.c.rate,
        RELEASE.c.seed_hash,
        RELEASE.c.seed,
        RELEASE.c.drawn_at,
        RELEASE.c.arrivals,
        RELEASE.c.drawn,
        ARRIVAL.c.arrived_at,
        ARRIVAL.c.number,
    )
    .outerjoin(
        ARRIVAL,
        and_(
            ARRIVAL.c.release_id == RELEASE.c.id,
            ARRIVAL.c.person_id == bindparam("person"),
        ),
    )
    .where(RELEASE.c.id == bindparam("release"))
)
# As psycopg sends it, for ``core.database.at_once``.
STANDING_ALONE = str(
    STANDING.compile(dialect=psycopg.dialect())  # type: ignore[no-untyped-call]  # its own
)
# The same, one call of a person at a time until the end of the transaction: whoever comes twice
# at once is counted once.
STANDING_LOCKED = STANDING.add_columns(
    func.pg_advisory_xact_lock(bindparam("own_lock", type_=BigInteger())).label("lock")
)
# Who was drawn, and which number they have for ever.
DRAWN = (
    "SELECT person_id, number FROM appointments_arrival"
    " WHERE release_id = %(release)s AND number <= %(drawn)s"
)
OF_INSTITUTION = (
    select(RELEASE.c.id)
    .where(
        RELEASE.c.institution_id == bindparam("institution"),
        RELEASE.c.opens_at == bindparam("opens_at"),
    )
)  # fmt: skip
SLOT_RELEASE = (
    select(
        SLOT.c.institution_id,
        SLOT.c.opens_at,
        SLOT.c.date,
        CLINIC.c.institution_name,
        RULE.c.queue_minutes,
        RULE.c.queue_rate,
    )
    .join_from(SLOT, RULE, RULE.c.institution_id == SLOT.c.institution_id)
    .join(CLINIC, CLINIC.c.id == SLOT.c.session_id)
    .where(SLOT.c.id == bindparam("slot"))
)
ORDER = (
    select(
        ARRIVAL.c.number,
        ARRIVAL.c.arrived_at,
        func.encode(
            func.sha256(
                func.uuid_send(ARRIVAL.c.release_id).op("||")(func.uuid_send(ARRIVAL.c.person_id))
            ),
            "hex",
        ).label("ticket"),
    )
    .where(ARRIVAL.c.release_id == bindparam("release"), ARRIVAL.c.number.is_not(None))
    .order_by(ARRIVAL.c.number)
)


@dataclass(frozen=True, slots=True)
class Pace:
    """Who enters when: ``rate`` people a second from ``opens_at`` on. Arithmetic only."""

    opens_at: datetime
    rate: int

    def entered(self, now: datetime) -> int:
        """The highest number that has entered."""
        return max(0, int(self.rate * (now - self.opens_at).total_seconds()))

    def turn(self, number: int) -> datetime:
        """When this number enters."""
        return self.opens_at + timedelta(seconds=number / self.rate)


def own_lock(person_id: UUID) -> int:
    """Not the patient's lock: that one is held while a place is taken for somebody else."""
    return int.from_bytes(person_id.bytes[8:], signed=True) ^ OWN_LOCK


def find_standing(
    session: Session, release_id: UUID, person_id: UUID | None, *, lock: bool = False
) -> Row[Any]:
    """A release and the person's place in it. Raises NotFound."""
    values: dict[str, object] = {"release": release_id, "person": person_id}
    if lock and person_id:
        values["own_lock"] = own_lock(person_id)
    row = session.execute(STANDING_LOCKED if lock else STANDING, values).one_or_none()
    if row is None:
        raise NotFound()
    return row


def find_queued(session: Session, slot_id: UUID) -> Row[Any] | None:
    """The release that a slot belongs to, where one enters it by a queue that is not over."""
    row: Any = session.execute(SLOT_RELEASE, {"slot": slot_id}).one_or_none()
    if row is None:
        raise NotFound()
    over = row.opens_at + timedelta(minutes=row.queue_minutes)
    if not row.queue_minutes or clock.now() >= over:
        return None
    queued: Row[Any] = row
    return queued


def queue_view(row: Mapping[Any, Any]) -> QueueView:
    """The columns of ``STANDING`` at this moment."""
    now = clock.now()
    pace = Pace(row["opens_at"], row["rate"])
    entered = pace.entered(now)
    number = row["number"]
    phase = _phase(row, now)
    return QueueView(
        id=row["id"],
        institution_id=row["institution_id"],
        joins_from=row["opens_at"] - JOINED_BEFORE,
        opens_at=row["opens_at"],
        ends_at=row["ends_at"],
        phase=phase,
        rate=row["rate"],
        seed_hash=row["seed_hash"],
        seed=row["seed"],
        waiting=row["arrivals"] if row["drawn_at"] is None else row["drawn"],
        joined=row["arrived_at"] is not None,
        number=number,
        before=None if number is None else max(0, number - 1 - entered),
        turn_at=None if number is None else pace.turn(number),
        admitted=phase is Phase.OVER or (number is not None and number <= entered),
        ask_again_seconds=_ask_again(row, phase, number, now),
    )


def order_proof(session: Session, release_id: UUID, query: OrderQuery | None = None) -> OrderProof:
    """What proves the order, with some of the places, without a query with all of them. Raises
    NotFound, or Conflict ``not_drawn``.
    """
    release = session.get(Release, release_id)
    if release is None:
        raise NotFound()
    if release.seed is None:
        raise Conflict("not_drawn", N_("次序要到放号时才抽定，之后可以在这里核对。"))
    numbered = ARRIVAL.c.release_id == release_id, ARRIVAL.c.number.is_not(None)
    total = session.execute(select(func.count()).where(*numbered)).scalar_one()
    found = ORDER
    if query is not None:
        # One more than is shown says whether others follow.
        found = found.where(ARRIVAL.c.number > query.after).limit(query.limit + 1)
    rows = session.execute(found, {"release": release_id}).all()
    shown = rows if query is None else rows[: query.limit]
    return OrderProof(
        release_id=release_id,
        seed_hash=release.seed_hash,
        seed=release.seed,
        drawn=release.drawn,
        total=total,
        places=[PlaceInOrder.model_validate(row) for row in shown],
        next_after=shown[-1].number if len(shown) < len(rows) else None,
    )


def _phase(row: Mapping[Any, Any], now: datetime) -> Phase:
    if now >= row["ends_at"]:
        return Phase.OVER
    if row["drawn_at"] is not None:
        return Phase.MOVING
    return Phase.GATHERING if now >= row["opens_at"] - JOINED_BEFORE else Phase.EARLY


def _ask_again(row: Mapping[Any, Any], phase: Phase, number: int | None, now: datetime) -> int:
    """When the next thing happens, but within bounds: everybody comes back in time for their own
    turn, nobody asks for nothing, and neither before nor after the draw do all ask at once.
    """
    spread: float = row["arrivals"] / LOOKS_PER_SECOND
    if phase in (Phase.EARLY, Phase.GATHERING):
        left: float = (row["opens_at"] - now).total_seconds()
        if left > SELDOM_SECONDS / 2:
            # So that the number of those who wait is seen to grow.
            return ceil(min(max(SELDOM_SECONDS, spread), left / 2))
        left += min(LONGEST_SPREAD, spread) * _own_share(row)
    elif number is not None:
        left = (Pace(row["opens_at"], row["rate"]).turn(number) - now).total_seconds()
    else:
        left = SELDOM_SECONDS
    return min(SELDOM_SECONDS, max(OFTEN_SECONDS, ceil(left)))


def _own_share(row: Mapping[Any, Any]) -> float:
    """Between 0 and 1, by the moment of arrival: the same whenever this person asks."""
    arrived_at: datetime | None = row["arrived_at"]
    return arrived_at.microsecond / 1_000_000 if arrived_at else 0.5
