"""What generic things of a region are called in English, composed from the pack's own names.

Names that a pack does not know, of people and of hospitals, have no English here.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from regions.facts import Division, Phrase

_HOLE = re.compile(r"{(\w+)}")
# Beyond a region's own names come those that its administrators gave.
_REMEMBERED = 4096


class English:
    """The English of names and of phrases made of them: ``{department}周末门诊``."""

    def __init__(self, names: Iterable[tuple[str, str]], phrases: Iterable[Phrase]) -> None:
        self._names = {name: english for name, english in names if english}
        self._phrases = [(_matcher(phrase.name), phrase.name_en) for phrase in phrases]
        self.find = lru_cache(_REMEMBERED)(self._find)

    def _find(self, name: str) -> str | None:
        """The English of a name; None where it is no generic one."""
        if name in self._names:
            return self._names[name]
        for matcher, english in self._phrases:
            if found := matcher.fullmatch(name):
                parts = {hole: self._part(text) for hole, text in found.groupdict().items()}
                if all(parts.values()):
                    return english.format_map(parts)
        return None

    def _part(self, text: str) -> str | None:
        return text if text.isascii() else self._find(text)


def place_names(divisions: Iterable[Division]) -> Iterator[tuple[str, str]]:
    """Divisions, also as institutions write them: behind their county, and without the ending."""
    counties = {d.code: d for d in divisions if d.level == "county"}
    for division in divisions:
        yield division.name, division.name_en
        county = counties.get(division.parent_code or "")
        if county is None:
            continue
        yield county.name + division.name, f"{division.name_en}, {county.name_en}"
        short, _, ending = division.name_en.rpartition(" ")
        for suffix in ("街道", "镇", "乡"):
            if ending and division.name.endswith(suffix):
                stem = division.name.removesuffix(suffix)
                yield county.name + stem, f"{short}, {county.name_en}"


def _matcher(phrase: str) -> re.Pattern[str]:
    literal = re.split(r"{\w+}", phrase)
    holes = [f"(?P<{hole}>.+)" for hole in _HOLE.findall(phrase)]
    pieces = [re.escape(text) + hole for text, hole in zip(literal, [*holes, ""], strict=True)]
    return re.compile("".join(pieces))
