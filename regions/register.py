"""What the region packs plug into the portal: the loader, and the map for the figures."""

from flask import Flask

from core.settings import Settings
from core.web.rooms import Room
from gov_stats.public import RegionMap, provide_map
from regions.pack import load_boundaries, load_region


def _install(app: Flask) -> None:
    chosen: Settings = app.config["SETTINGS"]
    note = load_region(chosen.region).map
    boundaries = load_boundaries(chosen.region)
    region_map = RegionMap(boundaries=boundaries, note=note.note, note_en=note.note_en)
    provide_map(lambda: region_map)


room = Room(name="regions", commands={"region": "regions.commands:region"}, install=_install)
