"""How money, numbers and dates read."""

from datetime import UTC, datetime

import pytest
from apiflask import APIFlask

from core.web import formats


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "¥0"), (3100, "¥31"), (3150, "¥31.50"), (123456789, "¥1,234,567.89"), (-5, "-¥0.05")],
)
def test_yuan(fen: int, text: str) -> None:
    assert formats.yuan(fen) == text


def test_a_moment_reads_in_the_regions_zone(app: APIFlask) -> None:
    moment = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
    with app.test_request_context("/?lang=zh"):
        assert formats.moment(moment) == "11月24日 周二 09:30"
    with app.test_request_context("/?lang=en"):
        assert formats.moment(moment) == "Tue 24 Nov 09:30"


def test_percent_without_a_value_is_a_dash() -> None:
    assert formats.percent(None) == "—"
    assert formats.percent(0.4484) == "44.8%"
