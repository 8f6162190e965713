"""Counts made into tables, with what disclosure control hides. Pure.

Who may not see the people gets, of each table, what is safe beside all other tables that the same
person could ask for: each table is controlled over the whole tree of divisions, and within each
division over its parts.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import TypeAlias

from core.disclosure import Totals, Tree, hide, hide_parts, roll_up
from family_doctor.queries.analysis.counts import Fact
from family_doctor.schemas import AnalysisRow, AnalysisTable, Counts, Measure, TableCode

NOBODY: Totals = {}
NOW, BEFORE = 0, 1
Cells: TypeAlias = dict[tuple[TableCode, str, Measure], tuple[Totals, Totals]]
# A place: its code (a village's has its division's before a stroke) and its name in both languages.
NamedPlace: TypeAlias = tuple[str, str, str]


class Tables:
    """The rolled-up facts of one analysis. ``control``: small counts are hidden."""

    def __init__(self, tree: Tree, facts: Iterable[Fact], *, control: bool) -> None:
        self._control = control
        own: dict[tuple[TableCode, str, Measure], tuple[Counter[str], Counter[str]]]
        own = defaultdict(lambda: (Counter(), Counter()))
        self._names: dict[tuple[TableCode, str], tuple[str, str]] = {}
        parents = dict(tree.parents)
        for fact in facts:
            key = "" if fact.table is TableCode.PLACES else fact.key
            now, before = own[fact.table, key, fact.measure]
            now[fact.place] += fact.now
            before[fact.place] += fact.before
            self._names[fact.table, key] = (fact.name, fact.name_en)
            division = fact.place.partition("/")[0]
            if division in parents and fact.place not in parents:
                parents[fact.place] = division
        self.tree = Tree(parents)
        self._cells: Cells = {
            key: (roll_up(self.tree, now), roll_up(self.tree, before))
            for key, (now, before) in own.items()
        }
        self._closed = cache(self._find_closed)

    def whole(self, measure: Measure, place: str) -> Counts:
        """A measure of a place as a whole."""
        return Counts(
            now=self._shown(measure, place, NOW), before=self._shown(measure, place, BEFORE)
        )

    def places(self, measures: Sequence[Measure], children: Sequence[NamedPlace]) -> AnalysisTable:
        """A row for each place."""
        rows = tuple(
            AnalysisRow(
                key=code,
                name=name,
                name_en=name_en,
                counts=tuple(self.whole(measure, code) for measure in measures),
                village="/" in code,
            )
            for code, name, name_en in children
        )
        return AnalysisTable(code=TableCode.PLACES, measures=tuple(measures), rows=rows)

    def parted(
        self, table: TableCode, measures: Sequence[Measure], place: str, keys: Collection[str] = ()
    ) -> AnalysisTable:
        """The parts of a place. ``keys`` are the parts that are named even without any count."""
        found = {key for code, key, _ in self._cells if code is table}
        parts = sorted(found | set(keys))
        hidden = [self._hidden_parts(table, measures, parts, at) for at in (NOW, BEFORE)]
        rows = []
        for part in parts:
            counts = tuple(
                Counts(
                    now=self._part(table, part, measure, place, hidden, NOW),
                    before=self._part(table, part, measure, place, hidden, BEFORE),
                )
                for measure in measures
            )
            name, name_en = self._names.get((table, part), ("", ""))
            if part in keys or any(each.now != 0 or each.before != 0 for each in counts):
                rows.append(AnalysisRow(key=part, name=name, name_en=name_en, counts=counts))
        return AnalysisTable(code=table, measures=tuple(measures), rows=tuple(rows))

    def villages(self, code: str) -> list[str]:
        """The villages that people of a division live in."""
        return sorted(each for each in self.tree.children.get(code, ()) if "/" in each)

    def _totals(self, table: TableCode, key: str, measure: Measure, at: int) -> Totals:
        return self._cells.get((table, key, measure), (NOBODY, NOBODY))[at]

    def _total(self, measure: Measure, at: int) -> Totals:
        return self._totals(TableCode.PLACES, "", measure, at)

    def _shown(self, measure: Measure, place: str, at: int) -> int | None:
        if place in self._closed(measure, at):
            return None
        return self._total(measure, at).get(place, 0)

    def _part(
        self,
        table: TableCode,
        part: str,
        measure: Measure,
        place: str,
        hidden: Sequence[dict[str, frozenset[str]]],
        at: int,
    ) -> int | None:
        if place in hidden[at].get(part, frozenset()):
            return None
        return self._totals(table, part, measure, at).get(place, 0)

    def _less(self, whole: Totals, *parts: Totals) -> Totals:
        return {
            code: whole.get(code, 0) - sum(part.get(code, 0) for part in parts)
            for code in self.tree.parents
        }

    def _find_closed(self, measure: Measure, at: int) -> frozenset[str]:
        """Where a measure must not be shown as a whole: it and what is known with it."""
        if not self._control:
            return frozenset()
        total = self._total(measure, at)
        stock = self._total(Measure.IN_FORCE, at)
        match measure:
            case Measure.IN_FORCE:
                # By provider nobody is registered: there is no rest to be known.
                registered = self._total(Measure.REGISTERED, at)
                known = [self._less(registered, total)] if registered else []
            case Measure.BEGAN:
                # With both stocks, each of the two follows from the other.
                known = [self._total(Measure.ENDED, at)]
            case Measure.ENDED:
                known = [self._total(Measure.BEGAN, at)]
            case Measure.COMING:
                known = [self._less(stock, total)]
            case Measure.KEPT:
                known = [self._less(self._total(Measure.DUE, at), total)]
            case _:
                known = []
        return hide(self.tree, [total, *known])

    def _hidden_parts(
        self, table: TableCode, measures: Sequence[Measure], parts: Sequence[str], at: int
    ) -> dict[str, frozenset[str]]:
        if not self._control or not parts:
            return {}
        if table is TableCode.GROUPS:
            return {part: self._hidden_group(part, at) for part in parts}
        together = {part: self._together(table, part, measures, at) for part in parts}
        closed = frozenset[str]().union(*(self._closed(measure, at) for measure in measures))
        return hide_parts(self.tree, together, closed)

    def _together(
        self, table: TableCode, part: str, measures: Sequence[Measure], at: int
    ) -> list[Totals]:
        """The counts of a part, and what is left of the first without the second."""
        counts = [self._totals(table, part, measure, at) for measure in measures]
        return counts if len(counts) == 1 else [*counts, self._less(counts[0], counts[1])]

    def _hidden_group(self, group: str, at: int) -> frozenset[str]:
        """Groups overlap, so none follows from the others; but who is signed or not, in the group
        or not, makes four counts of which each follows from three.
        """
        table = TableCode.GROUPS
        people = self._totals(table, group, Measure.REGISTERED, at)
        signed = self._totals(table, group, Measure.IN_FORCE, at)
        others = self._less(self._total(Measure.REGISTERED, at), people)
        others_signed = self._less(self._total(Measure.IN_FORCE, at), signed)
        rests = [self._less(people, signed), others_signed, self._less(others, others_signed)]
        return hide(self.tree, [signed, *rests]) | self._closed(Measure.IN_FORCE, at)
