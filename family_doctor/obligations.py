"""Turning a pack into dated promises, and saying how they stand on a day. Pure.

Each item's services are spread evenly: the term is cut into as many windows as there are services,
and each is due by the last day of its window.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from family_doctor.schemas import ObligationState, ObligationView, Progress

# A pack's own services are recalled so many days before they are due; our proposal.
REMIND_DAYS = 7


class Window(NamedTuple):
    """When something may be done, is recalled, is due; after the last day it is late."""

    opens_on: date
    remind_from: date
    due_on: date
    late_after: date


class Promise(NamedTuple):
    """One service of an item within a term."""

    item_code: str
    item_name: str
    item_name_en: str
    sequence: int
    times: int
    opens_on: date
    remind_from: date
    due_on: date
    late_after: date


class Standing(Protocol):
    """What says how an obligation stands."""

    opens_on: date
    late_after: date
    done_at: datetime | None
    excused_at: datetime | None


def term_end(starts_on: date, years: int) -> date:
    """The last day of a term: the eve of the anniversary; one begun on 29 February ends on 28."""
    try:
        anniversary = starts_on.replace(year=starts_on.year + years)
    except ValueError:
        anniversary = date(starts_on.year + years, 3, 1)
    return anniversary - timedelta(days=1)


def plan(
    items: Sequence[tuple[str, str, str, int]], starts_on: date, ends_on: date, years: int
) -> list[Promise]:
    """The dated promises of ``items``, each (code, name, English name, times a year), over a term
    whose both days are included. Services beyond one a day share days.
    """
    return [
        Promise(
            code,
            name,
            name_en,
            sequence,
            times_a_year * years,
            *pack_window(starts_on, ends_on, sequence, times_a_year * years),
        )
        for code, name, name_en, times_a_year in items
        for sequence in range(1, times_a_year * years + 1)
    ]


def spread(starts_on: date, ends_on: date, sequence: int, times: int) -> tuple[date, date]:
    """First and last day of the ``sequence``-th of ``times`` equal parts of the days."""
    days = (ends_on - starts_on).days + 1
    return (
        starts_on + timedelta(days=_cut(days, sequence - 1, times)),
        starts_on + timedelta(days=_close(days, sequence, times)),
    )


def pack_window(starts_on: date, ends_on: date, sequence: int, times: int) -> Window:
    """The days of a pack's promise within its term: late on the day after it is due."""
    opens, due = spread(starts_on, ends_on, sequence, times)
    return Window(opens, max(opens, due - timedelta(days=REMIND_DAYS)), due, due)


def state_on(obligation: Standing, day: date) -> ObligationState:
    """How an obligation stands on ``day``."""
    if obligation.done_at is not None:
        return ObligationState.DONE
    if obligation.excused_at is not None:
        return ObligationState.EXCUSED
    if obligation.late_after < day:
        return ObligationState.OVERDUE
    return ObligationState.OPEN if obligation.opens_on <= day else ObligationState.UPCOMING


def progress_on(obligations: Collection[ObligationView], day: date) -> Progress:
    """What was kept of what was due by ``day``, the day on which the obligations were viewed."""
    states = Counter(each.state for each in obligations)
    due_today = sum(
        each.state is ObligationState.OPEN and each.due_on <= day for each in obligations
    )
    done, overdue = states[ObligationState.DONE], states[ObligationState.OVERDUE]
    return Progress(
        done=done,
        due=done + overdue + due_today,
        overdue=overdue,
        total=states.total() - states[ObligationState.EXCUSED],
    )


def _cut(days: int, part: int, parts: int) -> int:
    return min(days * part // parts, days - 1)


def _close(days: int, part: int, parts: int) -> int:
    return max(days * part // parts - 1, _cut(days, part - 1, parts))
