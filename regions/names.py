"""Names of made-up people, from the region's own stock."""

from collections.abc import Sequence
from itertools import accumulate
from random import Random

from regions.chance import Even
from regions.facts import Name

_LONG_NAMES = 0.001  # so that every screen meets one
_RECOMBINED = 0.7
_TWO = 2


class NameMaker:
    """Draws surnames by their weight, and given names by sex and year of birth."""

    def __init__(self, names: Sequence[Name], rng: Random) -> None:
        self._rng = rng
        self._long = Even(rng)
        surnames = [name for name in names if name.kind == "surname"]
        self._surnames = [name.text for name in surnames]
        self._surname_weights = list(accumulate(name.weight for name in surnames))
        self._given = [name for name in names if name.kind == "given"]
        self._full = [name for name in names if name.kind == "full"]
        self._given_of: dict[tuple[str, int], list[str]] = {}

    def surname(self) -> str:
        """A surname."""
        return self._rng.choices(self._surnames, cum_weights=self._surname_weights)[0]

    def name(self, surname: str, sex: str, birth_year: int) -> str:
        """A name of that family; once in a thousand a very long name of another custom instead."""
        if self._long.takes(_LONG_NAMES):
            full = [name.text for name in self._full if name.sex == sex]
            if full:
                return self._rng.choice(full)
        return surname + self._given_name(sex, birth_year)

    def _given_name(self, sex: str, birth_year: int) -> str:
        stock = self._stock(sex, birth_year)
        given = self._rng.choice(stock)
        other = self._rng.choice(stock)
        # Characters of two names of one time make a third: twenty names do for a city.
        if len(given) == len(other) == _TWO and self._rng.random() < _RECOMBINED:
            return given[0] + other[1]
        return given

    def _stock(self, sex: str, birth_year: int) -> list[str]:
        key = (sex, birth_year)
        if key not in self._given_of:
            self._given_of[key] = [
                name.text
                for name in self._given
                if name.sex == sex
                and (name.born_from or 0) <= birth_year <= (name.born_to or birth_year)
            ]
        return self._given_of[key]
