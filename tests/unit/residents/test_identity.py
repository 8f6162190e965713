"""The two numbers that name a person."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residents.identity import (
    NumberError,
    check_digit,
    compose_record_number,
    parse_id_number,
    parse_record_number,
)

first17s = st.builds(
    lambda division, day, sequence: f"{division:06d}{day:%Y%m%d}{sequence:03d}",
    st.integers(110000, 659999),
    st.dates(date(1900, 1, 1), date(2030, 12, 31)),
    st.integers(1, 999),
)
village_segments = st.one_of(st.integers(1, 99), st.integers(101, 199), st.integers(901, 999)).map(
    "{:03d}".format
)


def reason_of(text: str) -> str:
    with pytest.raises(NumberError) as caught:
        parse_id_number(text)
    return caught.value.reason


def test_the_standards_own_examples() -> None:
    assert check_digit("11010519491231002") == "X"
    assert check_digit("44052418800101001") == "4"


@given(first17s)
def test_a_composed_number_reads_back(first17: str) -> None:
    number = parse_id_number(first17 + check_digit(first17))
    assert number.division6 == first17[:6]
    assert f"{number.birth_date:%Y%m%d}" == first17[6:14]
    assert number.sex == ("male" if int(first17[16]) % 2 else "female")


@given(first17s, st.integers(0, 5), st.integers(1, 9))
def test_one_wrong_digit_of_the_division_is_found(first17: str, at: int, shift: int) -> None:
    wrong = str((int(first17[at]) + shift) % 10)
    text = first17[:at] + wrong + first17[at + 1 :] + check_digit(first17)
    assert reason_of(text) == "check_digit"


@given(first17s, st.integers(14, 15))
def test_two_digits_swapped_are_found(first17: str, at: int) -> None:
    swapped = first17[:at] + first17[at + 1] + first17[at] + first17[at + 2 :]
    if swapped != first17:
        assert reason_of(swapped + check_digit(first17)) == "check_digit"


@given(st.text(max_size=24))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    try:
        parse_id_number(text)
    except NumberError as error:
        assert error.reason in {"length", "characters", "date", "check_digit"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "length"),
        ("11010519491231002", "length"),
        ("110105194912310021X", "length"),
        ("110105491231002", "length"),
        ("1101051949123100AX", "characters"),
        ("11010519491231X02X", "characters"),
        ("１1010519491231002X", "characters"),
        ("11010519490231002X", "date"),
        ("110105194912310021", "check_digit"),
    ],
)
def test_each_flaw_has_its_reason(text: str, reason: str) -> None:
    assert reason_of(text) == reason


def test_spaces_and_a_small_x_are_forgiven() -> None:
    assert parse_id_number(" 11010519491231002x ").birth_date == date(1949, 12, 31)


@pytest.mark.parametrize(
    ("text", "reason"), [("123", "length"), ("1101051949123100X", "characters")]
)
def test_the_check_digit_wants_17_digits(text: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        check_digit(text)
    assert caught.value.reason == reason


@given(st.integers(0, 999_999_999), village_segments, st.integers(1, 99_999))
def test_a_record_number_reads_back(township: int, village: str, serial: int) -> None:
    code = f"{township:09d}"
    number = compose_record_number(code, village, serial)
    record = parse_record_number(number)
    assert (record.county + record.township, record.village, record.serial) == (
        code,
        village,
        serial,
    )
    assert str(record) == number


@pytest.mark.parametrize(
    ("township", "village", "serial", "reason"),
    [
        ("45080200", "001", 1, "characters"),
        ("450802001", "201", 1, "village"),
        ("450802001", "000", 1, "village"),
        ("450802001", "1", 1, "village"),
        ("450802001", "001", 0, "serial"),
        ("450802001", "001", 100_000, "serial"),
    ],
)
def test_a_record_number_is_not_composed_of_nonsense(
    township: str, village: str, serial: int, reason: str
) -> None:
    with pytest.raises(NumberError) as caught:
        compose_record_number(township, village, serial)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("4508020010010000", "length"),
        ("45080200100100A01", "characters"),
        ("45080200120100001", "village"),
        ("45080200100100000", "serial"),
    ],
)
def test_a_wrong_record_number_says_why(text: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        parse_record_number(text)
    assert caught.value.reason == reason
