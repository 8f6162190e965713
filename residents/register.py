"""What the residents room plugs into the portal."""

from core.web.rooms import Room

room = Room(name="residents")
