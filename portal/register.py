"""What the portal itself plugs in: the shell."""

from core.web.rooms import Room
from portal.web.pages import pages

room = Room(name="portal", pages=[pages])
