"""The weeks (Monday to Sunday) and calendar months that work reports are of. Pure."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from core import clock
from family_doctor.schemas.reports import ReportKind

# A report is due from this hour of the region's wall clock on the day after its period.
MORNING = 6


class Period(NamedTuple):
    """A week or month; both days are included."""

    kind: ReportKind
    starts_on: date
    ends_on: date

    @property
    def begins_at(self) -> datetime:
        """The first instant."""
        return clock.at(self.starts_on, 0)

    @property
    def ends_at(self) -> datetime:
        """The first instant that no longer belongs to it."""
        return clock.at(self.ends_on + timedelta(days=1), 0)


def period_around(kind: ReportKind, day: date) -> Period:
    """The period that a day lies in."""
    if kind is ReportKind.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(kind, monday, monday + timedelta(days=6))
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return Period(kind, first, following - timedelta(days=1))


def period_before(period: Period) -> Period:
    """The one before."""
    return period_around(period.kind, period.starts_on - timedelta(days=1))


def ended_periods(kind: ReportKind, now: datetime, count: int) -> list[Period]:
    """The last ``count`` periods whose report is due at ``now``, newest first."""
    local = clock.local(now)
    day = local.date() - timedelta(days=0 if local.hour >= MORNING else 1)
    period, found = period_around(kind, day), []
    for _ in range(count):
        period = period_before(period)
        found.append(period)
    return found
