"""How long a year is, and how often is often enough."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_packs.terms import last_day_of_year, times_in_term


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [
        (date(2026, 11, 22), date(2027, 11, 21)),
        (date(2026, 1, 1), date(2026, 12, 31)),
        (date(2028, 2, 29), date(2029, 2, 28)),
        (date(2028, 3, 1), date(2029, 2, 28)),
        (date(2027, 3, 1), date(2028, 2, 28)),
    ],
)
def test_a_year_ends_the_day_before(starts_on: date, ends_on: date) -> None:
    assert last_day_of_year(starts_on) == ends_on


@given(st.dates(date(2020, 1, 1), date(2060, 1, 1)), st.integers(1, 366))
def test_a_year_gives_the_times_of_a_year(starts_on: date, times: int) -> None:
    assert times_in_term(times, starts_on, last_day_of_year(starts_on)) in (times, times + 1)


@given(st.integers(1, 366), st.integers(1, 3 * 365))
def test_a_term_gives_its_share_and_at_least_one(times: int, days: int) -> None:
    start = date(2026, 1, 1)
    given_times = times_in_term(times, start, start + timedelta(days=days - 1))
    assert given_times >= 1
    assert abs(given_times - times * days / 365) <= 1
