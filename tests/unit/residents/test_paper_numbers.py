"""Numbers of papers: one spelling, and what can be seen to be wrong."""

from datetime import date

import pytest

from residents.identity import NumberError, check_digit
from residents.paper_numbers import birth_in, normal_paper
from residents.schemas import IdentifierKind as Kind


def residence_card(birth: str = "19900517") -> str:
    first = f"911330{birth}001"
    return first + check_digit(first)


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (Kind.PASSPORT, " c1234567 ", "C1234567"),
        (Kind.HK_MACAU_PERMIT, "h12345678 01", "H12345678"),
        (Kind.HK_MACAU_PERMIT, "M12345678", "M12345678"),
        (Kind.TAIWAN_PERMIT, "01234567", "01234567"),
        (Kind.RESIDENCE_CARD, "VNM451234567890", "VNM451234567890"),
        (Kind.RESIDENCE_CARD, residence_card().lower(), residence_card()),
        (Kind.BIRTH_CERTIFICATE, "T 450000123", "T450000123"),
        (Kind.HOUSEHOLD_BOOK, "450802-0012", "450802-0012"),
    ],
)
def test_a_number_has_one_spelling(kind: Kind, typed: str, kept: str) -> None:
    assert normal_paper(kind, typed) == kept


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (Kind.PASSPORT, "E1"),
        (Kind.PASSPORT, "E123456789"),
        (Kind.HK_MACAU_PERMIT, "A12345678"),
        (Kind.TAIWAN_PERMIT, "123456789"),
        (Kind.BIRTH_CERTIFICATE, "4500001234"),
        (Kind.RESIDENCE_CARD, residence_card()[:17] + "Y"),
        (Kind.RESIDENCE_CARD, "911330199013010011"),
    ],
)
def test_what_cannot_be_is_refused(kind: Kind, typed: str) -> None:
    with pytest.raises(NumberError):
        normal_paper(kind, typed)


def test_a_residence_card_is_checked_as_an_id_number_is_and_says_the_birth_date() -> None:
    number = residence_card()
    wrong = number[:17] + ("0" if number[17] != "0" else "1")
    with pytest.raises(NumberError) as refused:
        normal_paper(Kind.RESIDENCE_CARD, wrong)
    assert refused.value.reason == "check_digit"
    assert birth_in(Kind.RESIDENCE_CARD, number) == date(1990, 5, 17)
    assert birth_in(Kind.PASSPORT, "C1234567") is None
