"""What the audit room plugs into the portal."""

from audit import jobs
from audit.policy import WORDS
from audit.queries.questions import waiting
from audit.web.api import api
from audit.web.mine import pages as own_pages
from audit.web.pages import pages
from core.access import Role
from core.messages import N_
from core.web.rooms import NavItem, Room

__all__ = ["jobs", "room"]

AUDITORS = (Role.AUDITOR,)

room = Room(
    name="audit",
    words=WORDS,
    pages=[pages, own_pages],
    apis=[api],
    commands={"audit": "audit.commands:audit"},
    navigation=[
        NavItem(N_("访问记录"), "list-search", "audit.search", AUDITORS, 10),
        NavItem(N_("居民询问"), "message-question", "audit.cases", AUDITORS, 20),
    ],
    counts=waiting,
)
