"""From what was counted to a report's figures and points. Pure; ``RULES`` is the version of what
the figures mean, and changes with it.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from family_doctor.schemas.points import PointLine, PointOf, SchemeValues
from family_doctor.schemas.reports import (
    LEAST_ANSWERS,
    Counted,
    FigureCode,
    Figures,
    FigureValue,
)

RULES = 3
OF = {
    FigureCode.SIGNED: Counted.CONTRACT,
    FigureCode.RENEWED: Counted.CONTRACT,
    FigureCode.ENDED: Counted.CONTRACT,
    FigureCode.SERVICES: Counted.SERVICE,
    FigureCode.FOLLOW_UPS: Counted.SERVICE,
    FigureCode.IN_TIME: Counted.SERVICE,
    FigureCode.LATE: Counted.SERVICE,
    FigureCode.CONFIRMED: Counted.SERVICE,
    FigureCode.DISPUTED: Counted.SERVICE,
    FigureCode.RATED: Counted.SERVICE,
    FigureCode.ANSWERED: Counted.CONTRACT,
    FigureCode.DISPUTES_ANSWERED: Counted.DISPUTE,
    FigureCode.EMERGENCIES: Counted.FOLLOW_UP,
    FigureCode.DUE: Counted.OBLIGATION,
    FigureCode.KEPT: Counted.OBLIGATION,
    FigureCode.KEPT_CONFIRMED: Counted.OBLIGATION,
}
# Of these nobody is known to have answered but the team.
TEAM_ONLY = (FigureCode.DISPUTES_ANSWERED, FigureCode.EMERGENCIES)
MEMBER_FIGURES = tuple(code for code in FigureCode if code not in TEAM_ONLY)
TIMED = (FigureCode.ANSWERED, *TEAM_ONLY)


class Thing(NamedTuple):
    """A thing that a figure counts, for a team and perhaps one of its members; the ``item_code``
    of a rated service is its stars.
    """

    code: FigureCode
    id: UUID
    at: datetime
    team_id: UUID
    staff_id: UUID | None = None
    item_code: str = ""
    seconds: float | None = None


class Sums(NamedTuple):
    """The figures of a report, and the ids behind each."""

    figures: Figures
    rows: Mapping[FigureCode, list[UUID]]


def sum_up(things: Iterable[Thing], codes: Iterable[FigureCode]) -> Sums:
    """The figures ``codes`` of these things; a figure is the number of its rows."""
    of_code: dict[FigureCode, list[Thing]] = {code: [] for code in codes}
    for thing in sorted(things, key=lambda each: (each.at, each.id)):
        if thing.code in of_code:
            of_code[thing.code].append(thing)
    figures = {code: _value(code, counted) for code, counted in of_code.items()}
    rows = {code: [each.id for each in counted] for code, counted in of_code.items() if counted}
    return Sums(figures, rows)


def _value(code: FigureCode, counted: list[Thing]) -> FigureValue:
    told = code is FigureCode.RATED and len(counted) >= LEAST_ANSWERS
    itemised = code is FigureCode.SERVICES or told
    items = Counter(each.item_code for each in counted) if itemised else {}
    times = [each.seconds for each in counted if each.seconds is not None]
    seconds = round(sum(times) / len(times)) if code in TIMED and times else None
    return FigureValue(count=len(counted), seconds=seconds, items=dict(sorted(items.items())))


def give_points(figures: Figures, scheme: SchemeValues) -> list[PointLine]:
    """The calculation line by line; what is worth nothing or did not happen has no line."""
    services = figures.get(FigureCode.SERVICES, FigureValue()).items
    named = {code: count for code, count in services.items() if code in scheme.items}

    def count(code: FigureCode) -> int:
        return figures.get(code, FigureValue()).count

    others = sum(services.values()) - sum(named.values())
    lines = [
        _line(PointOf.SIGNED, count(FigureCode.SIGNED), scheme.signed),
        _line(PointOf.RENEWED, count(FigureCode.RENEWED), scheme.renewed),
        *(
            _line(PointOf.ITEM, number, scheme.items[code], code)
            for code, number in sorted(named.items())
        ),
        _line(PointOf.SERVICE, others, scheme.service),
        _line(PointOf.IN_TIME, count(FigureCode.IN_TIME), scheme.in_time),
        _line(PointOf.LATE, count(FigureCode.LATE), -scheme.late),
        _line(PointOf.DISPUTED, count(FigureCode.DISPUTED), -scheme.disputed),
    ]
    return [line for line in lines if line.sum]


def _line(of: PointOf, count: int, each: int, item_code: str = "") -> PointLine:
    return PointLine(of=of, item_code=item_code, count=count, each=each, sum=count * each)


def total_of(lines: Iterable[PointLine]) -> int:
    """All lines together; below nothing where more was taken away than given."""
    return sum(line.sum for line in lines)


def digest_of(sums: Sums, lines: Iterable[PointLine], scheme_id: UUID | None) -> bytes:
    """The SHA-256 of all that a report says."""
    said = {
        "rules": RULES,
        "scheme": str(scheme_id or ""),
        "figures": {code: value.model_dump() for code, value in sums.figures.items()},
        "rows": {code: [str(each) for each in ids] for code, ids in sums.rows.items()},
        "points": [line.model_dump(mode="json") for line in lines],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()
