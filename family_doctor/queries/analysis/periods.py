"""The period that is analysed and the one before it. Pure, but for the day it is today."""

from datetime import date, timedelta

from core import clock
from core.errors import Invalid
from core.messages import N_
from family_doctor.schemas import AnalysisQuery, Period

MONTHS = 3
QUARTERS_OFFERED = 8
# As long as contracts are looked back at with single days named.
LONGEST_DAYS = 1100
DAY = timedelta(days=1)


def quarter_of(day: date) -> str:
    """2026-Q4."""
    return f"{day.year}-Q{(day.month - 1) // MONTHS + 1}"


def period_of(quarter: str) -> Period:
    """The days of a quarter."""
    year, number = int(quarter[:4]), int(quarter[-1])
    start = date(year, (number - 1) * MONTHS + 1, 1)
    following = date(year + number // 4, number % 4 * MONTHS + 1, 1)
    return Period(start=start, end=following - DAY)


def before(period: Period, quarter: str | None) -> Period:
    """The quarter before a quarter, else as many days before."""
    last = period.start - DAY
    if quarter:
        return period_of(quarter_of(last))
    return Period(start=last - (period.end - period.start), end=last)


def quarters_offered() -> list[str]:
    """The quarter that runs and those before it, the latest first."""
    found = [quarter_of(clock.today())]
    while len(found) < QUARTERS_OFFERED:
        found.append(quarter_of(period_of(found[-1]).start - DAY))
    return found


def chosen(query: AnalysisQuery, *, people: bool) -> tuple[Period, str | None]:
    """The period asked for, and its quarter where it is one.

    Raises Invalid ``whole_quarters`` where days are not for the actor to choose, ``bad_period``.
    """
    if query.start is None and query.end is None:
        quarter = query.quarter or quarter_of(clock.today())
        return period_of(quarter), quarter
    if not people:
        raise Invalid("whole_quarters", N_("您看到的是汇总数字，只能按整季度查看，请选择季度。"))
    end = query.end or clock.today()
    start = query.start or end.replace(month=1, day=1)
    if start > end or (end - start).days > LONGEST_DAYS:
        raise Invalid("bad_period", N_("开始日期不能晚于结束日期，最长三年，请重新选择。"))
    return Period(start=start, end=end), None
