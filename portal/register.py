"""What the portal itself plugs in: the shell."""

from core.access import GRANTED_ROLES, Role
from core.messages import N_
from core.web.rooms import Group, NavItem, Room
from portal.web.api import api
from portal.web.docs import pages as docs_pages
from portal.web.pages import pages

room = Room(
    name="portal",
    pages=[pages, docs_pages],
    apis=[api],
    commands={"policy": "portal.commands:policy", "worker": "portal.commands:worker"},
    navigation=[
        NavItem(N_("首页"), "home", "portal.home", (Role.RESIDENT,), order=10),
        NavItem(
            N_("应用"),
            "layout-grid",
            "portal.applications",
            GRANTED_ROLES,
            order=70,
            group=Group.MORE,
        ),
    ],
)
