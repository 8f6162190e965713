"""What this room needs from above: the map of the region, which a region pack supplies."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RegionMap:
    """Boundaries as GeoJSON, each feature with ``properties.code`` of its division, and the note
    (with the map review number, 审图号) that must stand beside the map.
    """

    boundaries: dict[str, Any]
    note: str
    note_en: str


_provider: Callable[[], RegionMap] | None = None


def provide_map(provider: Callable[[], RegionMap]) -> None:
    """Let ``provider`` supply the map; it is asked at every use."""
    global _provider
    _provider = provider


def region_map() -> RegionMap | None:
    """The map, or None where no region supplied one: figures are ranked in a list then."""
    return _provider() if _provider else None
