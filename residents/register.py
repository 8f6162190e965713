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
from residents.queries.bindings import CHECK_ROLES
from residents.subscribers import keep_phone
from residents.web import bindings, bindings_api, checks, labels, labels_api
from residents.web.api import api
from residents.web.pages import pages

provide_identity_desk(PapersDesk())

room = Room(
    name="residents",
    words=WORDS,
    pages=[pages, bindings.pages, checks.pages, labels.pages],
    apis=[api, bindings_api.api, labels_api.api],
    subscribers=[(PhoneChanged, keep_phone)],
    navigation=[
        NavItem(N_("我的"), "user", "residents.me", (Role.RESIDENT,), order=90),
        NavItem(N_("代办核对"), "users", "residents_checks.listing", CHECK_ROLES, order=45),
    ],
)
