"""Chance that keeps its word: shares hold in small samples too, and a seed gives one outcome."""

import math
from collections.abc import Sequence
from random import Random


class Even:
    """Yes or no by probability, so that the number of yeses stays within two of its expectation.

    One yes falls at a random place of each whole unit of probability gone by (stratified
    sampling), so rare things neither cluster nor go missing.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._passed = 0.0
        self._units = 0
        self._next = rng.random()

    def takes(self, probability: float) -> bool:
        """Whether this one is taken; ``probability`` is 0 to 1 and may differ at each call."""
        self._passed += probability
        # A yes still owed when two fell close together goes to the next who may be taken at all.
        if not probability or self._passed <= self._next:
            return False
        self._units += 1
        self._next = self._units + self._rng.random()
        return True


def counts_by_share(shares: Sequence[float], total: int, rng: Random) -> list[int]:
    """Whole numbers that add up to ``total``, each within one of its share (systematic sampling).

    ``shares`` need not add up to one.
    """
    whole = sum(shares)
    offset = rng.random()
    counts, passed, before = [], 0.0, 0
    for share in shares:
        passed += share
        reached = math.floor(round(passed / whole * total, 9) + offset)
        counts.append(reached - before)
        before = reached
    # Rounding at the very end must not lose or add one.
    counts[-1] += total - before
    return counts
