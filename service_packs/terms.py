"""How long a pack runs and how often its services may be used meanwhile. Pure."""

from datetime import date, timedelta

DAYS_OF_A_YEAR = 365


def last_day_of_year(starts_on: date) -> date:
    """The last day of a year that begins on ``starts_on``, that day included."""
    day_before = starts_on - timedelta(days=1)
    try:
        return day_before.replace(year=day_before.year + 1)
    except ValueError:  # 29 February
        return date(day_before.year + 1, 2, 28)


def times_in_term(times_per_year: int, starts_on: date, ends_on: date) -> int:
    """Uses in a term, both days included: its share of a year's, rounded, at least one."""
    days = (ends_on - starts_on).days + 1
    return max(1, round(times_per_year * days / DAYS_OF_A_YEAR))
