"""What the tables' conditions have in common."""

from collections.abc import Iterable
from enum import StrEnum


def one_of(column: str, values: Iterable[StrEnum]) -> str:
    """A condition: the column is one of these."""
    listed = ", ".join(f"'{value}'" for value in sorted(values))
    return f"{column} IN ({listed})"
