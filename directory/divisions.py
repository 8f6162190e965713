"""The division tree by its codes: GB/T 2260 (city, county) and GB/T 10114 (township)."""

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


def division_prefix(code: str) -> str:
    """What the codes of all divisions within ``code`` begin with."""
    is_city = len(code) == COUNTY_DIGITS and code.endswith("00")
    return code[:4] if is_city else code
