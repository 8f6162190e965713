"""Which records may be of one person: Splink's model on an in-memory DuckDB.

The only module that knows Splink. Nothing is written to disk and nothing personal is logged: what
comes out are the pairs' ids, a probability, and what agrees.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from residents.schemas import Reason

# Two records of different people agree by chance as often as ``u`` says, two of one person as
# often as ``m``: estimates for a city of this kind, no measurement; a person decides every pair.
PRIOR = 1e-6
LEAST = 0.9
MEMORY = "1GB"
THREADS = 2


@dataclass(frozen=True, slots=True)
class Record:
    """What is compared of a person. ``phone``, ``household`` and ``papers`` are digests or ids."""

    id: UUID
    name: str
    sex: str
    birth_date: date
    id_number: str | None
    phone: str | None
    household: str | None
    village: str | None
    township: str
    papers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records, the smaller id first, how likely they are of one person, and why."""

    first_id: UUID
    second_id: UUID
    score: float
    reasons: tuple[Reason, ...]


# By comparison: (what agrees, its condition, m, u), the strongest first.
_NULL = "NULL"
LEVELS: dict[str, list[tuple[Reason | None, str, float, float]]] = {
    "name": [
        (Reason.NAME_SAME, "name_l = name_r", 0.8, 0.0005),
        (
            Reason.NAME_SIMILAR,
            "length(name_l) > 1 AND damerau_levenshtein(name_l, name_r) = 1",
            0.12,
            0.03,
        ),
        (None, "ELSE", 0.08, 0.9695),
    ],
    "birth": [
        (Reason.BIRTH_SAME, "birth_l = birth_r", 0.85, 0.000035),
        (
            Reason.BIRTH_CLOSE,
            "damerau_levenshtein(birth_l, birth_r) = 1 OR (left(birth_l, 4) = left(birth_r, 4)"
            " AND substr(birth_l, 6, 2) = substr(birth_r, 9, 2)"
            " AND substr(birth_l, 9, 2) = substr(birth_r, 6, 2))",
            0.1,
            0.002,
        ),
        (None, "ELSE", 0.05, 0.997965),
    ],
    "sex": [(Reason.SEX_SAME, "sex_l = sex_r", 0.98, 0.5), (None, "ELSE", 0.02, 0.5)],
    "number": [
        (None, _NULL, 0, 0),
        # Neighbours in a register of births have close numbers too: little is added to the date.
        (
            Reason.ID_CLOSE,
            "birth_l = birth_r AND damerau_levenshtein(number_l, number_r) <= 2",
            0.32,
            0.02,
        ),
        (Reason.ID_CLOSE, "damerau_levenshtein(number_l, number_r) <= 2", 0.2, 0.000001),
        (None, "ELSE", 0.48, 0.979999),
    ],
    "phone": [
        (None, _NULL, 0, 0),
        (Reason.PHONE_SAME, "phone_l = phone_r", 0.6, 0.00006),
        (None, "ELSE", 0.4, 0.99994),
    ],
    "papers": [
        (None, _NULL, 0, 0),
        (Reason.IDENTIFIER_SAME, "len(list_intersect(papers_l, papers_r)) > 0", 0.6, 0.000001),
        (None, "ELSE", 0.4, 0.999999),
    ],
    "home": [
        (Reason.HOUSEHOLD_SAME, "household_l = household_r", 0.2, 0.00005),
        (Reason.VILLAGE_SAME, "village_l = village_r", 0.4, 0.001),
        (Reason.TOWNSHIP_SAME, "township_l = township_r", 0.2, 0.012),
        (None, "ELSE", 0.2, 0.98695),
    ],
}
BLOCKS = (
    ("name", "birth"),
    ("phone",),
    ("birth", "sex", "surname"),
    ("name", "village"),
    ("birth", "household"),
    ("paper",),
)


def find_pairs(records: Sequence[Record]) -> list[Pair]:
    """The pairs that are of one person with a probability of at least ``LEAST``."""
    if len(records) < 2:
        return []
    import duckdb
    import splink

    logging.getLogger("splink").setLevel(logging.ERROR)
    # Without a directory for what does not fit in memory, nothing is spilled to disk.
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": "",
        "memory_limit": MEMORY,
        "threads": THREADS,
    }
    with duckdb.connect(":memory:", config=config) as connection:
        api = splink.DuckDBAPI(connection)
        frame = api.register(_table(records))
        linker = splink.Linker(frame, _settings(splink), log_level=logging.ERROR)
        found = linker.inference.predict(threshold_match_probability=LEAST)
        names = ["unique_id_l", "unique_id_r", "match_probability"]
        gammas = [f"gamma_{name}" for name in LEVELS]
        rows = found.as_duckdbpyrelation().select(", ".join(names + gammas)).fetchall()
    return sorted(_pairs(rows), key=lambda pair: (-pair.score, pair.first_id, pair.second_id))


def _table(records: Sequence[Record]) -> Any:
    import pyarrow as pa

    columns: dict[str, list[object]] = {
        "unique_id": [str(each.id) for each in records],
        "name": [each.name for each in records],
        "surname": [each.name[:1] for each in records],
        "sex": [each.sex for each in records],
        "birth": [each.birth_date.isoformat() for each in records],
        "number": [each.id_number for each in records],
        "phone": [each.phone for each in records],
        "household": [each.household for each in records],
        "village": [each.village for each in records],
        "township": [each.township for each in records],
        "papers": [list(each.papers) or None for each in records],
        "paper": [each.papers[0] if each.papers else None for each in records],
    }
    schema = pa.schema(
        [(name, pa.list_(pa.string()) if name == "papers" else pa.string()) for name in columns]
    )
    return pa.table(columns, schema=schema)


def _settings(splink: Any) -> Any:
    comparisons = [
        {
            "output_column_name": name,
            "comparison_levels": [_level(name, *level) for level in levels],
        }
        for name, levels in LEVELS.items()
    ]
    return splink.SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[splink.block_on(*block) for block in BLOCKS],
        probability_two_random_records_match=PRIOR,
        # The levels come only with the columns that they compare; both stay in memory.
        retain_matching_columns=True,
    )


def _level(name: str, reason: Reason | None, condition: str, m: float, u: float) -> dict[str, Any]:
    if condition == _NULL:
        missing = f"{name}_l IS NULL OR {name}_r IS NULL"
        return {"sql_condition": missing, "label_for_charts": "missing", "is_null_level": True}
    return {
        "sql_condition": condition,
        "label_for_charts": reason or "other",
        "m_probability": m,
        "u_probability": u,
    }


def _pairs(rows: Sequence[tuple[Any, ...]]) -> Iterator[Pair]:
    for one, other, probability, *gammas in rows:
        first, second = sorted((UUID(one), UUID(other)))
        reasons = [
            _reason(levels, gamma) for levels, gamma in zip(LEVELS.values(), gammas, strict=True)
        ]
        said = tuple(reason for reason in reasons if reason is not None)
        yield Pair(first, second, float(probability), said)


def _reason(levels: Sequence[tuple[Reason | None, str, float, float]], gamma: int) -> Reason | None:
    """What a level says: Splink numbers them from the last, 0, upwards; what is missing is -1."""
    said = [reason for reason, condition, _, _ in levels if condition != _NULL]
    return said[len(said) - 1 - gamma] if gamma > 0 else None
