"""The agreement that a resident consents to: its wording from the facts, and its digest. Pure.

The wording is a legal text in the language of the law, so it lies in a file of its own and is not
translated; pages explain it in the reader's language.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template

WORDING = Path(__file__).with_name("agreement.txt")


@dataclass(frozen=True, slots=True)
class Terms:
    """What goes into an agreement; amounts are fen a year, items are (name, times a year). A
    renewal begins on a day that is known, everything else with the resident's consent.
    """

    contract_id: str
    resident: str
    team: str
    institution: str
    pack: str
    price_fen: int
    public_health_fen: int
    insurance_fen: int
    person_fen: int
    items: Sequence[tuple[str, int]]
    years: int
    written_on: date
    begins_on: date | None = None


def compose(terms: Terms) -> str:
    """The agreement's text; the same terms give the same text."""
    return _wording().render(asdict(terms))


def digest(text: str) -> bytes:
    """The SHA-256 by which a consent names the text it was given to."""
    return hashlib.sha256(text.encode()).digest()


@cache
def _wording() -> Template:
    # Plain text, not HTML: pages escape it where they show it.
    environment = Environment(  # noqa: S701
        trim_blocks=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["yuan"] = _yuan
    return environment.from_string(WORDING.read_text(encoding="utf-8"))


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
