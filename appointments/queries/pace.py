"""How long one waits, from what was seen in the room today."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from appointments.models import Ticket
from appointments.queries.offers import SLOT
from appointments.schemas import TicketState

# Of the last so many visits; with fewer than the second the plan is the better guess.
LAST, ENOUGH = 8, 3
# How far visits are off their median, by what is known of the room.
SPREAD_SEEN, SPREAD_PLANNED = 0.3, 0.5
# Estimates are told in steps of so many minutes.
STEP = 5


class Pace(NamedTuple):
    """Minutes a patient takes, and how far the estimate may be off, as a share."""

    minutes: float
    spread: float


def pace_of(finished: Sequence[float], planned: float) -> Pace:
    """The pace from the last visits' minutes, newest first; else what the slots plan."""
    if len(finished) < ENOUGH:
        return Pace(planned, SPREAD_PLANNED)
    return Pace(median(finished[:LAST]), SPREAD_SEEN)


def wait_range(ahead: int, busy: bool, pace: Pace, before: float = 0) -> tuple[int, int]:
    """From and until how many minutes one waits with so many ahead; ``busy`` while somebody is in
    the room, who may be nearly done or have just come in, and ``before`` minutes until it begins.
    """
    least = before + ahead * pace.minutes * (1 - pace.spread)
    most = before + (ahead + busy) * pace.minutes * (1 + pace.spread)
    until = -int(-most // STEP) * STEP
    return int(least // STEP) * STEP, max(until, STEP)


TICKET = Ticket.__table__
_LAST = (
    select((func.extract("epoch", TICKET.c.done_at - TICKET.c.called_at) / 60).label("minutes"))
    .where(TICKET.c.session_id == bindparam("session"), TICKET.c.state == TicketState.DONE)
    .order_by(TICKET.c.done_at.desc())
    .limit(LAST)
    .subquery()
)
_SLOT_SECONDS = func.extract("epoch", SLOT.c.ends_at - SLOT.c.starts_at)
_PLANNED = (
    select(
        func.avg(
            # A slot may have been brought down to no places at all.
            func.extract("epoch", SLOT.c.ends_at - SLOT.c.starts_at)
            / func.nullif(SLOT.c.capacity, 0)
            / 60
        )
    )
    .where(SLOT.c.session_id == bindparam("session"))
    .scalar_subquery()
)
PACE = select(
    select(func.array_agg(_LAST.c.minutes)).scalar_subquery().label("finished"),
    _PLANNED.label("planned"),
)


def read_pace(session: Session, session_id: UUID) -> Pace:
    """The pace of a room now."""
    row = session.execute(PACE, {"session": session_id}).one()
    return pace_of([float(minutes) for minutes in row.finished or ()], float(row.planned or STEP))
