"""The agreement that a resident consents to: its wording from the facts, and its digest. Pure.

The wording is a legal text in the language of the law, so it lies in a file of its own and is not
translated; pages explain it in the reader's language.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from family_doctor.wording import PLACES, fill

WORDING = Path(__file__).with_name("agreement.txt")
ITEM = Path(__file__).with_name("agreement_item.txt")
# From which day on: that of the consent, a known one, or that of the later signature.
BEGINS = Path(__file__).with_name("agreement_begins.txt")
# A pack beside the basic one: to be paid, free of charge, bought before; and the mark of a made-up
# one.
EXTRAS = Path(__file__).with_name("agreement_extras.txt")
# Known only where it is signed: who signs, when and for how long.
LEFT = ("contract_id", "resident", "years", "written_on")
# Behind the pack's services, where what was bought before is known only there.
CONTINUING = "{{ continuing }}"


@dataclass(frozen=True, slots=True)
class Extra:
    """A personalised pack beside the basic one, at a year's prices; ``until`` is the last day of
    one that was bought before, whose ``person_fen`` was paid then.
    """

    name: str
    name_en: str
    example: bool
    price_fen: int
    public_health_fen: int
    insurance_fen: int
    person_fen: int
    items: Sequence[tuple[str, int]]
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What goes into an agreement; amounts are fen a year, items are (name, times a year). A
    renewal begins on a day that is known, everything else with the resident's consent, or where
    they sign before the team (``team_signs_last``) with both signatures.
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
    team_signs_last: bool = False
    extras: Sequence[Extra] = ()


def compose(terms: Terms, body: str | None = None) -> str:
    """The agreement's text by the wording ``body``; the same terms give the same text."""
    return fill(body or first_wording(), _values(terms))


def template(terms: Terms, body: str, *, renewal: bool = False) -> str:
    """The text with the places left that are known only where it is signed, of a ``renewal`` also
    its first day, ``begins_on``; whoever fills these gets what ``compose`` gives. ``continuing``
    takes what ``lines_of`` gives of each pack that goes on, each behind a line break.
    """
    left = {place: f"{{{{ {place} }}}}" for place in LEFT}
    left["items"] = "\n".join(_items(terms.items)) + CONTINUING
    if renewal:
        left["begins"] = _begins_wordings()[1].format(day="{{ begins_on }}")
    return fill(body, _values(terms) | left)


def _values(terms: Terms) -> dict[str, str]:
    return {
        "contract_id": terms.contract_id,
        "resident": terms.resident,
        "team": terms.team,
        "institution": terms.institution,
        "pack": terms.pack,
        # Beside the pack's own: every wording that was ever published has this place.
        "items": "\n".join([*_items(terms.items), *(lines_of(each) for each in terms.extras)]),
        "price": _yuan(terms.price_fen),
        "public_health": _yuan(terms.public_health_fen),
        "insurance": _yuan(terms.insurance_fen),
        "person": _yuan(terms.person_fen),
        "begins": _begins(terms),
        "years": str(terms.years),
        "written_on": terms.written_on.isoformat(),
    }


def preview(body: str) -> str:
    """The wording with its places named instead of filled."""
    return fill(body, {place: f"〔{place}〕" for place in PLACES})


def digest(text: str) -> bytes:
    """The SHA-256 by which a consent names the text it was given to."""
    return hashlib.sha256(text.encode()).digest()


@cache
def first_wording() -> str:
    """The wording that the portal brings along; the region publishes its own."""
    return WORDING.read_text(encoding="utf-8")


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


@cache
def _item_wording() -> str:
    return ITEM.read_text(encoding="utf-8").strip()


def _items(items: Sequence[tuple[str, int]]) -> list[str]:
    return [_item(*each) for each in enumerate(items, 1)]


def lines_of(extra: Extra) -> str:
    """The line of its terms, and its services below."""
    to_pay, free, bought, example = _extra_wordings()
    wording = bought if extra.until else to_pay if extra.person_fen else free
    head = wording.format(
        name=extra.name,
        mark=example if extra.example else "",
        price=_yuan(extra.price_fen),
        public_health=_yuan(extra.public_health_fen),
        insurance=_yuan(extra.insurance_fen),
        person=_yuan(extra.person_fen),
        until=extra.until.isoformat() if extra.until else "",
    )
    return "\n".join([head, *_items(extra.items)])


@cache
def _extra_wordings() -> tuple[str, str, str, str]:
    to_pay, free, bought, example = EXTRAS.read_text(encoding="utf-8").splitlines()
    return to_pay, free, bought, example


def _item(index: int, item: tuple[str, int]) -> str:
    name, times = item
    return _item_wording().format(index=index, name=name, times=times)


@cache
def _begins_wordings() -> tuple[str, str, str]:
    by_consent, by_day, by_both = BEGINS.read_text(encoding="utf-8").splitlines()
    return by_consent, by_day, by_both


def _begins(terms: Terms) -> str:
    by_consent, by_day, by_both = _begins_wordings()
    if terms.begins_on:
        return by_day.format(day=terms.begins_on.isoformat())
    return by_both if terms.team_signs_last else by_consent
