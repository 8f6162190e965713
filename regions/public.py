"""The door of the region packs."""

from regions.demo import PASSWORD as DEMO_PASSWORD
from regions.demo import resident_phone
from regions.facts import Region
from regions.pack import load_boundaries, load_english, load_region

__all__ = [
    "DEMO_PASSWORD",
    "Region",
    "load_boundaries",
    "load_english",
    "load_region",
    "resident_phone",
]
