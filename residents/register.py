"""What the residents room plugs into the portal."""

from core.access import Role
from core.messages import N_
from core.web.rooms import NavItem, Room
from residents.policy import WORDS
from residents.web.api import api
from residents.web.pages import pages

room = Room(
    name="residents",
    words=WORDS,
    pages=[pages],
    apis=[api],
    navigation=[NavItem(N_("我的"), "user", "residents.me", (Role.RESIDENT,), order=90)],
)
