"""The door of the region packs."""

from regions.pack import RegionPack, available_packs, load_pack

__all__ = ["RegionPack", "available_packs", "load_pack"]
