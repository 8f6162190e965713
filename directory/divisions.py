"""The division tree by its codes: GB/T 2260 (city, county) and GB/T 10114 (township)."""

from sqlalchemy import ColumnElement, func
from sqlalchemy.dialects.postgresql import array

COUNTY_DIGITS = 6
TOWNSHIP_DIGITS = 9


def division_path(code: str) -> tuple[str, ...]:
    """The division and those above it up to the city, nearest first.

    A code is six digits (city, county) or nine (township); 12-digit village codes start at
    their township.
    """
    path = []
    if len(code) >= TOWNSHIP_DIGITS:
        path.append(code[:TOWNSHIP_DIGITS])
    county, city = code[:COUNTY_DIGITS], code[:4] + "00"
    path.append(county)
    if county != city:
        path.append(city)
    return tuple(path)


def division_path_of(column: ColumnElement[str]) -> ColumnElement[str]:
    """As ``division_path``, of a column of division codes: one row for each division."""
    township = func.left(column, TOWNSHIP_DIGITS)
    county = func.left(column, COUNTY_DIGITS)
    city = func.concat(func.left(column, 4), "00")
    return func.unnest(array([township, county, city]))


def division_prefix(code: str) -> str:
    """What the codes of all divisions within ``code`` begin with."""
    is_city = len(code) == COUNTY_DIGITS and code.endswith("00")
    return code[:4] if is_city else code
