"""The one source of time, so that tests can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_offset = timedelta()
_zone = ZoneInfo("Asia/Shanghai")


def set_zone(name: str) -> None:
    """Make ``name`` (IANA) the zone that dates are read in: the region's."""
    global _zone
    _zone = ZoneInfo(name)


def zone() -> ZoneInfo:
    """The region's time zone."""
    return _zone


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC) + _offset


def today() -> date:
    """The current calendar date in the region's zone."""
    return now().astimezone(_zone).date()


def local(moment: datetime) -> datetime:
    """``moment`` on the region's wall clock."""
    return moment.astimezone(_zone)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """The instant of a wall-clock time in the region, in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=_zone).astimezone(UTC)


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Move the clock by ``by`` while the block runs; for tests only."""
    global _offset
    before, _offset = _offset, _offset + by
    try:
        yield
    finally:
        _offset = before
