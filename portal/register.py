"""What the portal itself plugs in: the shell."""

from core.web.rooms import Room
from portal.commands import worker
from portal.web.docs import pages as docs_pages
from portal.web.pages import pages

room = Room(name="portal", pages=[pages, docs_pages], commands=[worker])
