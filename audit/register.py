"""What the audit room plugs into the portal."""

from audit import jobs
from audit.models import Question
from audit.policy import WORDS
from audit.queries.questions import waiting
from audit.web.api import api
from audit.web.mine import pages as own_pages
from audit.web.pages import pages
from core.access import Role
from core.messages import N_
from core.web.rooms import Group, NavItem, Room
from residents.public import Holding, provide_holdings

__all__ = ["jobs", "room"]

provide_holdings(Holding(Question.person_id, N_("访问询问"), once_with=(Question.event_id,)))
AUDITORS = (Role.AUDITOR,)

room = Room(
    name="audit",
    words=WORDS,
    pages=[pages, own_pages],
    apis=[api],
    commands={"audit": "audit.commands:audit"},
    navigation=[
        NavItem(N_("访问记录"), "list-search", "audit.search", AUDITORS, 10, group=Group.TODAY),
        NavItem(N_("居民询问"), "message-question", "audit.cases", AUDITORS, 20, group=Group.TODAY),
    ],
    counts=waiting,
)
