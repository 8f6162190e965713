"""The agreement as PDF/A-2b: typst sets it from data. Nothing of the data is ever markup."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import typst

from core import clock
from family_doctor.schemas import ProofMethod, SignatureView
from family_doctor.schemas.signing import FIELD_HEIGHT, FIELD_WIDTH

TEMPLATE = Path(__file__).with_name("agreement.typ")
# `python -m portal.assets` brings them from npm; git ignores them, and no page serves them.
FONTS = Path(__file__).with_name("fonts")
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
    '<path d="{strokes}" fill="none" stroke="#16302e" stroke-width="5"'
    ' stroke-linecap="round" stroke-linejoin="round"/></svg>'
)
MINUTE = "%Y-%m-%d %H:%M:%S"


class PaperError(Exception):
    """The paper cannot be set; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What is set: ``text`` is the signed text, ``items`` are (name, times a year), ``extras`` the
    packs beside with ``name``, ``example`` and ``items`` of their own.
    """

    number: str
    team: str
    institution: str
    text: str
    text_sha256: str
    text_version: int | None
    items: Sequence[tuple[str, int]]
    extras: Sequence[Mapping[str, Any]]
    resident: SignatureView
    leader: SignatureView


def set_paper(paper: Paper) -> bytes:
    """The PDF/A-2b file. The same paper gives the same bytes. Raises PaperError without fonts."""
    if not any(FONTS.glob("*.ttf")):
        raise PaperError(f"No fonts in {FONTS}. Run: python -m portal.assets")
    made = typst.compile(
        TEMPLATE.read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        pdf_standards=["a-2b"],
        sys_inputs={"data": json.dumps(_data(paper), ensure_ascii=False)},
        timestamp=int(paper.resident.signed_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise PaperError("typst made no single file")
    return made


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(False, False, [str(FONTS)])


def _data(paper: Paper) -> dict[str, object]:
    day = clock.local(paper.resident.signed_at).date()
    return {
        **{name: value for name, value in asdict(paper).items() if isinstance(value, str)},
        "version": paper.text_version,
        "day": [day.year, day.month, day.day],
        "lines": [line for line in paper.text.splitlines() if line.strip()],
        "items": [list(item) for item in paper.items],
        "extras": [dict(each) for each in paper.extras],
        "signatures": [_signature(paper.resident), _signature(paper.leader)],
    }


def _signature(signature: SignatureView) -> dict[str, object]:
    return {
        "side": signature.side,
        "name": signature.name,
        "on_behalf": signature.on_behalf,
        "svg": picture(signature.strokes) if signature.strokes else None,
        "typed": signature.typed_name or "",
        "method": ProofMethod(signature.method),
        "at": clock.local(signature.signed_at).strftime(MINUTE),
        "proved": clock.local(signature.proved_at).strftime(MINUTE),
        "witness": signature.witness_name,
    }


def picture(strokes: str) -> str:
    """Drawn strokes as an SVG picture; they were checked to be path data and nothing else."""
    return PICTURE.format(width=FIELD_WIDTH, height=FIELD_HEIGHT, strokes=strokes)
