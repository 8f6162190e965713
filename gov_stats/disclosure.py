"""Disclosure control: which counts of people may be shown in a tree of divisions. Pure.

The rule is that no count under five may be read or worked out. A count is hidden where it, or one
of the counts that would be known with it by subtraction (those who are *not* signed, say), is
under five. That alone would not do: a parent's total less the shown children gives the hidden
rest. What can be worked out in a tree is, for each shown division, the sum of the hidden cells
below it that are reached through hidden divisions only. So each such sum must be five or more and
spread over two cells or more, else the smallest shown division there is hidden as well.

Not covered: the difference between two months of the same figure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

SMALLEST_SHOWN = 5
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
