"""What this room needs from above: what patients bring to a visit, which a region pack supplies."""

from collections.abc import Sequence
from dataclasses import dataclass

from appointments.schemas import Kind


@dataclass(frozen=True)
class ThingToBring:
    """A line of what to bring, for visits of these kinds."""

    kinds: frozenset[Kind]
    text: str
    text_en: str


_lines: tuple[ThingToBring, ...] = ()


def provide_what_to_bring(lines: Sequence[ThingToBring]) -> None:
    """Make this the region's list."""
    global _lines
    _lines = tuple(lines)


def what_to_bring(kind: Kind) -> list[ThingToBring]:
    """The lines for a visit of this kind, in the region's order."""
    return [line for line in _lines if kind in line.kinds]
