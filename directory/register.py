"""What the directory plugs into the portal."""

from auth.public import provide_unit_path
from core.web.rooms import Room
from directory import queries
from directory.web.api import api

provide_unit_path(queries.unit_path)

room = Room(name="directory", apis=[api])
