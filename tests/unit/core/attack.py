"""What can be worked out from shown counts: exact linear algebra, ignorant of the control."""

from collections.abc import Iterable
from fractions import Fraction

Row = list[Fraction]


def vector(size: int, places: Iterable[int], sign: int = 1) -> Row:
    """A sum of unknowns as a row."""
    row = [Fraction()] * size
    for place in places:
        row[place] += sign
    return row


class Knowledge:
    """The span of the sums that are known."""

    def __init__(self, known: Iterable[Row]) -> None:
        self.basis: dict[int, Row] = {}
        for row in known:
            rest = self._reduced(row)
            pivot = next((place for place, factor in enumerate(rest) if factor), None)
            if pivot is not None:
                self.basis[pivot] = [factor / rest[pivot] for factor in rest]

    def determines(self, row: Row) -> bool:
        """Whether this sum follows from the known ones."""
        return not any(self._reduced(row))

    def _reduced(self, row: Row) -> Row:
        rest = list(row)
        for pivot in sorted(self.basis):
            if factor := rest[pivot]:
                rest = [a - factor * b for a, b in zip(rest, self.basis[pivot], strict=True)]
        return rest
