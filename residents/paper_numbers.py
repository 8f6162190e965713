"""Numbers of papers other than the resident ID card: how each is spelt, and what it says itself.

Pure. Sources: passports ICAO Doc 9303-4 (nine characters at most); permits of Hong Kong and Macao
residents a letter and eight digits, with the two of its issue where it is an older card; permits of
Taiwan residents eight digits; the permanent residence card of foreigners as issued since 2017 three
letters and twelve digits, since December 2023 eighteen characters beginning with 9 whose last is
that of GB 11643 (国家移民管理局, 2023 版机读信息规则); birth certificates a letter and nine digits.
A household book has no form that everybody keeps.
"""

import re
from datetime import date

from residents.identity import NumberError, check_digit
from residents.schemas.identifiers import IdentifierKind

FORMS = {
    IdentifierKind.BIRTH_CERTIFICATE: re.compile(r"[A-Z][0-9]{9}"),
    IdentifierKind.HOUSEHOLD_BOOK: re.compile(r"[0-9A-Z\-]{4,40}"),
    IdentifierKind.PASSPORT: re.compile(r"[0-9A-Z]{5,9}"),
    IdentifierKind.HK_MACAU_PERMIT: re.compile(r"[HM][0-9]{8}([0-9]{2})?"),
    IdentifierKind.TAIWAN_PERMIT: re.compile(r"[0-9]{8}"),
    IdentifierKind.RESIDENCE_CARD: re.compile(r"[A-Z]{3}[0-9]{12}|9[0-9]{16}[0-9X]"),
}
_PERMIT_LENGTH = 9
_CARD_LENGTH = 18
COUNTRY = re.compile(r"[A-Z]{3}")


def normal_paper(kind: IdentifierKind, text: str) -> str:
    """The one spelling of a number of these kinds, in capitals and without blanks; of a permit
    without how often it was issued.

    Raises NumberError: characters, or check_digit and date of a residence card of 18.
    """
    number = "".join(text.split()).upper()
    if not FORMS[kind].fullmatch(number):
        raise NumberError("characters")
    if kind is IdentifierKind.HK_MACAU_PERMIT:
        return number[:_PERMIT_LENGTH]
    if birth_in(kind, number) and check_digit(number[:17]) != number[17]:
        raise NumberError("check_digit")
    return number


def birth_in(kind: IdentifierKind, number: str) -> date | None:
    """The birth date that a number says; few do. Raises NumberError date."""
    if kind is not IdentifierKind.RESIDENCE_CARD or len(number) != _CARD_LENGTH:
        return None
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise NumberError("date") from error
