"""Identifiers of made-up people and staff. Each is well formed and none is anybody's on purpose.

A made-up ID number has to pass every check that a real one passes, so it may by chance be that of
a real person. It is drawn at random, belongs to nobody the portal knows, and everybody who has
one is stored and shown as an example (示例).
"""

from datetime import date
from random import Random
from uuid import UUID

from residents.public import check_digit

# 2020-01-01T00:00Z: before anything the portal itself makes, so that made-up keys sort first.
_FIRST_MILLISECOND = 1_577_836_800_000
_SEQUENCES_A_SEX = 499
_PHONE_DIGITS = 11
# Coprime to any power of ten: stepping by it visits every number once.
_PHONE_STEP = 61_803_399


class Identifiers:
    """UUIDv7 from a seeded source, a millisecond apart, so that keys sort in the order made."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._millisecond = _FIRST_MILLISECOND

    def new(self) -> UUID:
        """The next one."""
        self._millisecond += 1
        value = self._millisecond << 80 | self._rng.getrandbits(80)
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0x3 << 62) | 0x2 << 62
        return UUID(int=value)


class IdNumbers:
    """Resident ID numbers (GB 11643), no two alike."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def new(self, county_code: str, birth_date: date, sex: str) -> str:
        """One of the 499 numbers of a county, day and sex (``male`` or ``female``).

        Raises ValueError when all of them are given.
        """
        start = self._rng.randrange(_SEQUENCES_A_SEX)
        for step in range(_SEQUENCES_A_SEX):
            # Odd sequences are men's; 000 is never given.
            sequence = (start + step) % _SEQUENCES_A_SEX * 2 + (1 if sex == "male" else 2)
            first17 = f"{county_code}{birth_date:%Y%m%d}{sequence:03d}"
            if first17 not in self._given:
                self._given.add(first17)
                return first17 + check_digit(first17)
        raise ValueError(f"{county_code} has no ID number left for {birth_date} and {sex}")


class Phones:
    """Numbers of the region's demo range, in no visible order, no two alike."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._digits = _PHONE_DIGITS - len(prefix)
        self._given = 0

    def new(self) -> str:
        """The next one, 11 digits."""
        self._given += 1
        number = self._given * _PHONE_STEP % 10**self._digits
        return f"{self._prefix}{number:0{self._digits}d}"
