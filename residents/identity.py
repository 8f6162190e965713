"""Two numbers that name a person: the resident ID number and the health-record number.

Pure: no table, no clock. Whether an ID number belongs to somebody is for a verifier to say.
"""

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

# GB 11643-1999: ISO 7064 MOD 11-2.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_FIRST_17 = re.compile(r"[0-9]{17}")
_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_ID_LENGTH = 18

_RECORD_NUMBER = re.compile(r"[0-9]{17}")
_RECORD_LENGTH = 17
_TOWNSHIP = re.compile(r"[0-9]{9}")
# National norm of basic public health (2017): neighbourhoods, villages, other.
_VILLAGE_SEGMENTS = (range(1, 100), range(101, 200), range(901, 1000))
LAST_SERIAL = 99_999
OTHER_SEGMENTS = tuple(f"{number:03d}" for number in _VILLAGE_SEGMENTS[2])
_GROUPS = (6, 9, 12, 17)

Flaw = Literal["length", "characters", "date", "check_digit", "village", "serial"]


class NumberError(ValueError):
    """A number that cannot be right; ``reason`` says in which way, for the sentence shown."""

    def __init__(self, reason: Flaw) -> None:
        super().__init__(reason)
        self.reason: Flaw = reason


@dataclass(frozen=True, slots=True)
class IdNumber:
    """What a resident ID number says. ``division6`` is the county at first registration, which
    may have been renamed since and need not be where the person lives.
    """

    division6: str
    birth_date: date
    sex: Literal["male", "female"]


@dataclass(frozen=True, slots=True)
class RecordNumber:
    """A 17-digit health-record number in its segments (national norm; N17 in WS 445)."""

    county: str
    township: str
    village: str
    serial: int

    def __str__(self) -> str:
        return f"{self.county}{self.township}{self.village}{self.serial:05d}"


def check_digit(first17: str) -> str:
    """The 18th character, ``0``-``9`` or ``X``, by GB 11643-1999.

    Raises NumberError (length, characters) unless given exactly 17 ASCII digits.
    """
    if len(first17) != _ID_LENGTH - 1:
        raise NumberError("length")
    if not _FIRST_17.fullmatch(first17):
        raise NumberError("characters")
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first17, strict=True))
    return _CHECK_DIGITS[total % 11]


def parse_id_number(text: str) -> IdNumber:
    """Read an 18-character ID number; surrounding spaces and a small ``x`` are forgiven.

    Raises NumberError with the first flaw found: length, characters, date (no such day) or
    check_digit. The 15-digit numbers issued before 1999 are no longer valid: length.
    """
    number = normal_id_number(text)
    if len(number) != _ID_LENGTH:
        raise NumberError("length")
    if not _ID_NUMBER.fullmatch(number):
        raise NumberError("characters")
    birth_date = _birth_date(number[6:14])
    if check_digit(number[:17]) != number[17]:
        raise NumberError("check_digit")
    return IdNumber(number[:6], birth_date, "male" if int(number[16]) % 2 else "female")


def normal_id_number(text: str) -> str:
    """The one spelling under which an ID number is stored and looked up; it is not checked."""
    return text.strip().upper()


def compose_record_number(township_code: str, village: str, serial: int) -> str:
    """A health-record number from a 9-digit township code, the 3-digit village segment of the
    norm (not the statistics bureau's) and the serial 1-99999 that the institution gives.

    Raises NumberError: characters, village or serial.
    """
    if not _TOWNSHIP.fullmatch(township_code):
        raise NumberError("characters")
    record = RecordNumber(township_code[:6], township_code[6:], village, serial)
    _check_record(record)
    return str(record)


def parse_record_number(text: str) -> RecordNumber:
    """Read a 17-digit health-record number.

    Raises NumberError: length, characters, village (segment outside 001-099, 101-199 and
    901-999) or serial (00000).
    """
    number = text.strip()
    if len(number) != _RECORD_LENGTH:
        raise NumberError("length")
    if not _RECORD_NUMBER.fullmatch(number):
        raise NumberError("characters")
    record = RecordNumber(number[:6], number[6:9], number[9:12], int(number[12:]))
    _check_record(record)
    return record


def grouped_record_number(number: str) -> str:
    """A health-record number as it is read: county, township, village, serial."""
    edges = (0, *_GROUPS)
    return " ".join(number[start:end] for start, end in pairwise(edges))


def _birth_date(digits: str) -> date:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise NumberError("date") from error


def _check_record(record: RecordNumber) -> None:
    if not re.fullmatch(r"[0-9]{3}", record.village):
        raise NumberError("village")
    if not any(int(record.village) in segment for segment in _VILLAGE_SEGMENTS):
        raise NumberError("village")
    if not 1 <= record.serial <= LAST_SERIAL:
        raise NumberError("serial")
