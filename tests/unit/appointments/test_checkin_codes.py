"""The code to check in with: ours or nobody's."""

from uuid import uuid4

import pytest

from appointments.checkin_codes import make_code, picture, read_code
from core.ids import new_id


def test_a_code_names_its_booking() -> None:
    booking_id = new_id()
    code = make_code(booking_id)
    assert read_code(code) == booking_id
    assert read_code(f" {code.lower()}\n") == booking_id
    assert len(code) == 51
    assert code.isalnum()


def test_what_we_did_not_make_is_nothing() -> None:
    code = make_code(uuid4())
    other = make_code(uuid4())
    mixed = code[:20] + other[20:]
    altered = code[:-2] + ("A" if code[-2] != "A" else "B") + code[-1]
    for text in ("", "KQ1", code[:-1], mixed, altered, code[3:], "KQ1" + "!" * 48, "报到"):
        assert read_code(text) is None, text


@pytest.mark.parametrize("_", range(3))
def test_the_picture_is_drawn_of_elements_only(_: int) -> None:
    svg = picture(make_code(uuid4())).decode()
    assert "<svg" in svg
    assert "style=" not in svg
    assert "<script" not in svg
