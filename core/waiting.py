"""How much waits for the staff behind the entries of the navigation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Waiting:
    """A room's counts by endpoint, to be read with those of the other rooms, and the values that
    they are read with.
    """

    counts: Mapping[str, ScalarSelect[int]] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)


def read_waiting(session: Session, rooms: Iterable[Waiting]) -> dict[str, int]:
    """The counts of all rooms with one statement, or with none where there is nothing to count."""
    counts: dict[str, ScalarSelect[int]] = {}
    values: dict[str, object] = {}
    for room in rooms:
        counts |= room.counts
        values |= room.values
    if not counts:
        return {}
    row = session.execute(select(*counts.values()), values).one()
    return dict(zip(counts, row, strict=True))
