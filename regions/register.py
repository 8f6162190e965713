"""What the region packs plug into the portal: the loader, and the map for the figures."""

from flask import Flask

from core.settings import Settings
from core.web.rooms import Room
from gov_stats.public import RegionMap, provide_map
from regions.commands import region
from regions.pack import load_pack


def _install(app: Flask) -> None:
    chosen: Settings = app.config["SETTINGS"]
    pack = load_pack(chosen.region)
    note = pack.region.map
    region_map = RegionMap(boundaries=pack.boundaries, note=note.note, note_en=note.note_en)
    provide_map(lambda: region_map)


room = Room(name="regions", commands=[region], install=_install)
