"""The door of the region packs."""

from regions.demo import PASSWORD as DEMO_PASSWORD
from regions.demo import resident_phone
from regions.pack import RegionPack, available_packs, load_pack

__all__ = ["DEMO_PASSWORD", "RegionPack", "available_packs", "load_pack", "resident_phone"]
