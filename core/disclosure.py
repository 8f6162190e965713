"""Disclosure control: which counts of people may be shown in a tree of divisions. Pure.

The rule is that no count under five may be read or worked out. A count is hidden where it, or one
of the counts that would be known with it by subtraction (those who are *not* signed, say), is
under five. That alone would not do: a parent's total less the shown children gives the hidden
rest. What can be worked out in a tree is, for each shown division, the sum of the hidden cells
below it that are reached through hidden divisions only. So each such sum must be five or more and
spread over two cells or more, else the smallest shown division there is hidden as well.

``hide_parts`` is the same for counts that are parted once more, by way of signing, say: there a
hidden part could also be worked out from its division's other parts.

Not covered: the difference between two months of the same figure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

SMALLEST_SHOWN = 5
# A hidden number is safe in the company of one other at the least.
_FEWEST = 2
Totals: TypeAlias = Mapping[str, int]
Cell: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Tree:
    """The divisions by code, each with its parent's code (None for the root)."""

    parents: Mapping[str, str | None]

    @cached_property
    def children(self) -> dict[str, list[str]]:
        """The divisions directly below each division; empty for the lowest."""
        below: dict[str, list[str]] = {code: [] for code in self.parents}
        for code, parent in sorted(self.parents.items()):
            if parent in below:
                below[parent].append(code)
        return below

    @cached_property
    def deepest_first(self) -> list[str]:
        """The divisions that have others below them, the lowest level first."""
        above = [code for code, below in self.children.items() if below]
        return sorted(above, key=lambda code: (-len(self.path(code)), code))

    def path(self, code: str) -> list[str]:
        """The division and all above it, nearest first; empty for one outside the tree."""
        found: list[str] = []
        at: str | None = code
        while at is not None and at in self.parents:
            found.append(at)
            at = self.parents[at]
        return found


def roll_up(tree: Tree, counts: Mapping[str, int]) -> dict[str, int]:
    """Each division's own count and those of all divisions below it, every fact once."""
    totals = dict.fromkeys(tree.parents, 0)
    for code, count in counts.items():
        for unit in tree.path(code):
            totals[unit] += count
    return totals


def hide(tree: Tree, together: Sequence[Totals]) -> frozenset[str]:
    """The divisions in which the first of ``together`` must not be shown.

    ``together`` are counts that become known at once, each rolled up over the tree.
    """
    return frozenset(_Control(tree, together).run())


class _Control:
    """One run over one tree; ``hidden`` grows until every sum is safe."""

    def __init__(self, tree: Tree, together: Sequence[Totals]) -> None:
        self.tree = tree
        self.together = together
        self.hidden = {code for code in tree.parents if _small(self._cell(code))}

    def run(self) -> set[str]:
        for code in self.tree.deepest_first:
            while code not in self.hidden and not _safe(list(self._hidden_cells(code))):
                shown = list(self._shown_edge(code))
                if not shown:
                    break  # all is hidden below: the sum is the shown total itself
                self.hidden.add(min(shown, key=lambda unit: (self._cell(unit)[0], unit)))
        return self.hidden

    def _cell(self, code: str) -> Cell:
        return tuple(totals.get(code, 0) for totals in self.together)

    def _own(self, code: str) -> Cell:
        """What lies in the division itself and in none below it; nobody is ever shown it."""
        rest = list(self._cell(code))
        for child in self.tree.children[code]:
            rest = [left - part for left, part in zip(rest, self._cell(child), strict=True)]
        return tuple(rest)

    def _hidden_cells(self, code: str) -> Iterator[Cell]:
        """The cells whose sum can be worked out from what is shown at and below ``code``."""
        if any(self._own(code)):
            yield self._own(code)
        for child in self.tree.children[code]:
            if child not in self.hidden:
                continue
            if self.tree.children[child]:
                yield from self._hidden_cells(child)
            else:
                yield self._cell(child)

    def _shown_edge(self, code: str) -> Iterator[str]:
        """The shown divisions that can be subtracted from ``code``."""
        for child in self.tree.children[code]:
            if child in self.hidden:
                yield from self._shown_edge(child)
            else:
                yield child


def _small(cell: Cell) -> bool:
    return min(cell) < SMALLEST_SHOWN


def _safe(cells: Sequence[Cell]) -> bool:
    """Whether the sum of these hidden cells may be known."""
    if not any(_small(cell) for cell in cells):
        return True
    sums = tuple(sum(parts) for parts in zip(*cells, strict=True))
    return len(cells) > 1 and not _small(sums)


def hide_parts(
    tree: Tree, parts: Mapping[str, Sequence[Totals]], closed: frozenset[str]
) -> dict[str, frozenset[str]]:
    """For each part of a whole, the divisions in which it must not be shown.

    ``parts`` are the counts of each part that become known at once, rolled up; together the parts
    are the whole, which is shown everywhere but in ``closed``.
    """
    return _PartControl(tree, parts, closed).run()


class _PartControl:
    """One run over a table of divisions by parts.

    What is hidden stays unknown because some people could be moved without any shown number
    changing: a person from a hidden part to the largest one in one place, and another one back in
    a place beside it. So wherever a part is hidden, the largest is hidden too (a row); a hidden
    part is hidden in a second place below the same division (a column), and in each hidden place
    down to the lowest level (a way down).
    """

    def __init__(
        self, tree: Tree, parts: Mapping[str, Sequence[Totals]], closed: frozenset[str]
    ) -> None:
        self.tree, self.parts, self.closed = tree, parts, closed
        self.hidden = {
            part: closed | {code for code in tree.parents if _small(self._cell(part, code))}
            for part in parts
        }
        self.changed = True

    def run(self) -> dict[str, frozenset[str]]:
        while self.changed:
            self.changed = False
            for part in self.parts:
                for code in self.tree.deepest_first:
                    self._keep_column(part, code)
            for code in self.tree.parents:
                self._keep_row(code)
        return {part: frozenset(codes) for part, codes in self.hidden.items()}

    def _cell(self, part: str, code: str) -> Cell:
        return tuple(totals.get(code, 0) for totals in self.parts[part])

    def _keep_column(self, part: str, code: str) -> None:
        """No hidden cell below ``code`` is what it has less what the others below have."""
        children = self.tree.children[code]
        gone = [child for child in children if child in self.hidden[part]]
        if not gone:
            if code in self.hidden[part]:
                self._hide(part, max(children, key=lambda child: self._cell(part, child)))
            return
        # What lies in ``code`` itself is no company: it is often all of one part.
        cells = [self._cell(part, child) for child in gone]
        shown = sorted(
            set(children) - set(gone), key=lambda child: (self._cell(part, child), child)
        )
        while not _safe(cells) or len(cells) < _FEWEST:
            if not shown:
                self._hide(part, code)
                return
            cells.append(self._cell(part, shown[0]))
            self._hide(part, shown.pop(0))

    def _keep_row(self, code: str) -> None:
        """No hidden part of a division is its whole less the parts shown."""
        if code in self.closed:
            return
        gone = [part for part in self.parts if code in self.hidden[part]]
        if not gone:
            return
        largest = max(self.parts, key=self._size)
        shown = [part for part in self.parts if part not in gone]
        shown.sort(key=lambda part: (part != largest, self._cell(part, code), part))
        if largest in gone and len(gone) == 1 and shown:
            # Where only the largest is hidden, the next largest goes with it.
            shown.insert(0, shown.pop())
        cells = [self._cell(part, code) for part in gone]
        while shown and (largest not in gone or not _safe(cells) or len(cells) < _FEWEST):
            part = shown.pop(0)
            gone.append(part)
            cells.append(self._cell(part, code))
            self._hide(part, code)

    def _size(self, part: str) -> tuple[int, str]:
        return sum(self._cell(part, code)[0] for code in self.tree.parents), part

    def _hide(self, part: str, code: str) -> None:
        if code not in self.hidden[part]:
            self.hidden[part] = self.hidden[part] | {code}
            self.changed = True
