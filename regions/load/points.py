"""A made-up scheme of performance points, so that the demo's work reports give some."""

import json
from datetime import date, datetime, timedelta
from random import Random

from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.pack import RegionPack

# Old enough for all reports that the demo begins with.
_BEFORE = timedelta(days=800)


def load_points(bulk: Bulk, pack: RegionPack, *, seed: int, now: datetime, today: date) -> None:
    """The region's scheme, marked as an example where the pack says so."""
    scheme = pack.contract_rules.points
    document = scheme.model_dump(exclude={"example", "provenance"})
    bulk.copy(
        "family_doctor_point_scheme",
        ("id", "division_code", "number", "valid_from", "document", "example", "made_at"),
        [
            (Identifiers(Random(f"{seed}/points")).new(), pack.region.code, 1, today - _BEFORE,
             json.dumps(document), scheme.example, now)
        ],
    )  # fmt: skip
