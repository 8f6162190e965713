"""A drawn signature is path data and nothing else; the wording is words and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from family_doctor.schemas import Signed
from family_doctor.schemas.signing import FIELD_HEIGHT, FIELD_WIDTH, LONGEST_STROKES
from family_doctor.wording import PLACES, check_wording, fill
from tests.factories.signing import STROKES


@pytest.mark.parametrize(
    "strokes",
    [
        "",
        "M1 1",
        "M1 1L2 2",  # too little ink
        "L1 1L500 100",
        "M0 0 L500 100",
        "m0 0l500 100",
        "M0,0L500,100",
        "M0 0L601 100",
        "M0 0L500 201",
        "M-1 0L500 100",
        "M0.5 0L500 100",
        "M1e3 0L500 100",
        "M0 0C1 1 2 2 500 100",
        "M0 0L500 100Z",
        "M0 0L500 100\n",
        "M０ 0L500 100",
        'M0 0L500 100"/><script>alert(1)</script>',
        "M0 0L500 100<image href='http://x'/>",
        "url(#x)",
        "M0 0" + "L500 100L0 0" * 2000,
    ],
)
def test_what_is_no_signature_is_refused(strokes: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Signed(strokes=strokes)
    assert {error["loc"] for error in refused.value.errors()} == {("strokes",)}


@given(st.text(max_size=60))
def test_whatever_passes_is_of_the_letters_of_a_path(extra: str) -> None:
    try:
        signed = Signed(strokes=STROKES + extra)
    except ValidationError:
        return
    assert set(str(signed.strokes)) <= set("ML 0123456789")
    assert len(str(signed.strokes)) <= LONGEST_STROKES


def test_the_field_and_its_edges_can_be_signed_in() -> None:
    edge = f"M0 0L{FIELD_WIDTH} {FIELD_HEIGHT}"
    assert Signed(strokes=edge).strokes == edge


@pytest.mark.parametrize("given", [{}, {"strokes": STROKES, "typed_name": "韦兰香"}])
def test_one_way_of_the_two(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        Signed.model_validate(given)
    assert refused.value.errors()[0]["loc"] == ("typed_name",)


WORDING = "标题{{ contract_id }}{{resident}}{{ team }}{{ items }}{{ years }}"


@pytest.mark.parametrize(
    "body",
    [
        "没有填充项的协议文本，写了很多字。",
        WORDING + "{{ secret }}",
        WORDING + "{% for x in y %}",
        WORDING + "{{ resident.__class__ }}",
        WORDING + "{{ 7*7 }}",
        WORDING + "}}",
    ],
)
def test_a_wording_holds_places_and_no_commands(body: str) -> None:
    with pytest.raises(ValueError, match="填充项"):
        check_wording(body)


def test_what_fills_a_place_is_not_read_as_wording() -> None:
    values = dict.fromkeys(PLACES, "{{ team }}")
    assert fill(check_wording(WORDING), values) == "标题" + "{{ team }}" * 5
