"""What the residents room plugs into the portal."""

import residents.jobs
import residents.web.family  # noqa: F401  adds its pages to the room's
from auth.events import PhoneChanged
from auth.public import provide_identity_desk
from core.access import Role
from core.messages import N_
from core.web.rooms import NavItem, Room
from residents.papers import PapersDesk
from residents.policy import WORDS
from residents.subscribers import keep_phone
from residents.web.api import api
from residents.web.pages import pages

provide_identity_desk(PapersDesk())

room = Room(
    name="residents",
    words=WORDS,
    pages=[pages],
    apis=[api],
    subscribers=[(PhoneChanged, keep_phone)],
    navigation=[NavItem(N_("我的"), "user", "residents.me", (Role.RESIDENT,), order=90)],
)
