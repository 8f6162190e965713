"""What the gov_stats room plugs into the portal."""

import gov_stats.jobs  # noqa: F401  the worker knows a job once its module is loaded
from core.access import Role
from core.messages import N_
from core.web.rooms import Group, NavItem, Reach, Room
from gov_stats.policy import WORDS
from gov_stats.subscribers import SUBSCRIBERS
from gov_stats.web.api import api
from gov_stats.web.pages import pages

room = Room(
    name="gov_stats",
    words=WORDS,
    pages=[pages],
    apis=[api],
    subscribers=SUBSCRIBERS,
    commands={"statistics": "gov_stats.commands:statistics"},
    navigation=[
        NavItem(
            N_("统计"),
            "chart-bar",
            "gov_stats.overview",
            [Role.ANALYST],
            order=10,
            group=Group.FIGURES,
        ),
        NavItem(
            N_("统计"),
            "chart-bar",
            "gov_stats.overview",
            [Role.ADMINISTRATOR],
            order=80,
            group=Group.FIGURES,
            reach=Reach.DIVISION,
        ),
    ],
)
