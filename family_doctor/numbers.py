"""Phone numbers out of what somebody pasted: one a line, and each line is answered. Pure."""

import re
from dataclasses import dataclass

MOST_LINES = 500
# As an account's phone is written.
PHONE = re.compile(r"1[0-9]{10}")
# Cells of a line, as spreadsheets and people part them.
CELLS = re.compile(r"[,;\t，；、|]")
# What stands inside a number that was typed for the eye.
PAINT = re.compile(r"[\s\-—–()（）.\"']")
COUNTRY = re.compile(r"^(?:\+|00)?86(?=1[0-9]{10}$)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it was given; ``phone`` is None where there is not exactly one number in it."""

    number: int
    text: str
    phone: str | None


def read_lines(text: str) -> list[Line]:
    """Every line that holds something, numbered from 1 as its writer sees them.

    A first line without any digit is a table's heading, not a mistake.
    """
    lines = [
        Line(number, line.strip(), _phone(line))
        for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1)
        if line.strip(" \t,;，；")
    ]
    if lines and not any(letter.isdigit() for letter in lines[0].text):
        return lines[1:]
    return lines


def _phone(line: str) -> str | None:
    cells = (COUNTRY.sub("", PAINT.sub("", cell)) for cell in CELLS.split(line))
    found = {cell for cell in cells if PHONE.fullmatch(cell)}
    return found.pop() if len(found) == 1 else None
