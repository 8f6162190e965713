"""What the region packs plug into the portal: the loader."""

from core.web.rooms import Room

room = Room(name="regions")
