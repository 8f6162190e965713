"""What a region pack is refused for."""

from collections import Counter
from collections.abc import Iterable

_ROUNDING = 1e-6


class PackError(Exception):
    """A pack cannot be used; the text names the file and what is wrong in it."""


def unique(file: str, codes: Iterable[str]) -> set[str]:
    """The codes of a file, each once. Raises PackError."""
    counts = Counter(codes)
    double = [code for code, times in counts.items() if times > 1]
    if double:
        raise PackError(f"{file}: {double[0]} stands there more than once")
    return set(counts)


def known(file: str, code: str, codes: set[str]) -> None:
    """Refuse a code that is not among the codes. Raises PackError."""
    if code not in codes:
        raise PackError(f"{file}: {code} is not known")


def whole(file: str, total: float, shares: Iterable[float]) -> None:
    """Refuse shares that do not add up to the total. Raises PackError."""
    given = sum(shares)
    if abs(given - total) > _ROUNDING:
        raise PackError(f"{file}: the shares add up to {given:g}, not {total:g}")
