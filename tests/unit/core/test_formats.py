"""How money, numbers and dates read."""

from datetime import UTC, date, datetime

import pytest
from apiflask import APIFlask
from markupsafe import Markup

from core import clock
from core.web import formats


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "¥0"), (3100, "¥31"), (3150, "¥31.50"), (123456789, "¥1,234,567.89"), (-5, "-¥0.05")],
)
def test_yuan(fen: int, text: str) -> None:
    assert formats.yuan(fen) == text


def test_a_moment_reads_in_the_regions_zone(app: APIFlask) -> None:
    moment = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
    with clock.shifted(moment - clock.now()):
        with app.test_request_context("/?lang=zh"):
            assert formats.moment(moment) == "11月24日 周二 09:30"
        with app.test_request_context("/?lang=en"):
            assert formats.moment(moment) == "Tue 24 Nov 09:30"


def test_a_day_of_another_year_says_so(app: APIFlask) -> None:
    with clock.shifted(datetime(2026, 11, 24, tzinfo=UTC) - clock.now()):
        with app.test_request_context("/?lang=zh"):
            assert formats.day(date(2027, 2, 17)) == "2027年2月17日 周三"
        with app.test_request_context("/?lang=en"):
            assert formats.day(date(2027, 2, 17)) == "Wed 17 Feb 2027"


def test_the_days_in_a_sentence_read_as_days(app: APIFlask) -> None:
    with clock.shifted(datetime(2026, 11, 24, tzinfo=UTC) - clock.now()):
        with app.test_request_context("/?lang=zh"):
            assert formats.written("2026-11-29 08:00") == "11月29日 周日 08:00"
            assert formats.written("2027-02-17") == "2027年2月17日 周三"
        with app.test_request_context("/?lang=en"):
            assert formats.written("2026-11-29 08:00") == "Sun 29 Nov 08:00"
        assert formats.written("2026-11-29 08:00") == "11月29日 周日 08:00", "outside a request"


@pytest.mark.parametrize("value", ["", "3", "2026-13-45", "到 2026-11-24", "2026-11-24T08:00:00"])
def test_what_is_no_day_stays_as_it_is(value: str) -> None:
    assert formats.written(value) == value


def test_percent_without_a_value_is_a_dash() -> None:
    assert formats.percent(None) == "—"
    assert formats.percent(0.4484) == "44.8%"


def test_dates_are_kept_whole_and_the_rest_is_escaped() -> None:
    whole = '<span class="text-nowrap">2026-11-24</span>'
    assert formats.unbroken("2026-11-24 <b>") == f"{whole} &lt;b&gt;"
    drawn = Markup('<a href="/?date=2026-11-24">…</a>')
    assert formats.unbroken(drawn) == drawn
