from datetime import date, timedelta

import pytest

from core import clock
from gov_stats.periods import Month, months_shown


def test_a_month_goes_back_over_the_year() -> None:
    assert str(Month(2026, 1).back(2)) == "2025-11"
    assert Month(2024, 2).last_day == date(2024, 2, 29)
    assert Month(2025, 12).next_first_day == date(2026, 1, 1)


@pytest.mark.parametrize("text", ["2026", "2026-13", "abc", "2026-00"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Month.parse(text)


def test_what_stands_is_counted_today_while_the_month_runs() -> None:
    assert Month.current().day_of_stock == clock.today()
    assert Month(2020, 4).day_of_stock == date(2020, 4, 30)


def test_twelve_months_are_shown_the_current_one_last() -> None:
    with clock.shifted(timedelta(days=40)):
        shown = months_shown()
        assert len(shown) == 12
        assert shown[-1] == Month.current()
        assert shown == sorted(shown)
