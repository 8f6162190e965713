"""The door of the statistics room."""

from gov_stats.periods import Month
from gov_stats.ports import RegionMap, provide_map
from gov_stats.services import compute, compute_year

__all__ = ["Month", "RegionMap", "compute", "compute_year", "provide_map"]
