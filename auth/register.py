"""What the auth room plugs into the portal."""

from auth.web import identity
from auth.web.api import api
from auth.web.pages import pages
from core.web.rooms import Room

room = Room(name="auth", pages=[pages], apis=[api], install=identity.install)
