"""What the directory plugs into the portal."""

from auth.public import provide_organisation, provide_unit_path
from core.access import Role
from core.messages import N_
from core.web.rooms import Group, NavItem, Room
from directory import queries
from directory.policy import WORDS
from directory.queries import units
from directory.web.admin import departments, institutions, staff, teams
from directory.web.api import api
from directory.web.pages import pages

provide_unit_path(queries.unit_path)
provide_organisation(units)

ADMINISTRATORS = (Role.ADMINISTRATOR,)

room = Room(
    name="directory",
    words=WORDS,
    pages=[pages, institutions.pages, departments.pages, staff.pages, teams.pages],
    apis=[api],
    navigation=[
        NavItem(
            N_("总览"), "layout-dashboard", "directory.admin", ADMINISTRATORS, 10, group=Group.TODAY
        ),
        NavItem(
            N_("机构"),
            "building-hospital",
            "directory_institutions.listing",
            ADMINISTRATORS,
            20,
            group=Group.ORGANISATION,
        ),
        NavItem(
            N_("院内科室"),
            "stethoscope",
            "directory_departments.listing",
            ADMINISTRATORS,
            30,
            group=Group.ORGANISATION,
        ),
        NavItem(
            N_("人员"),
            "users",
            "directory_staff.listing",
            ADMINISTRATORS,
            40,
            group=Group.ORGANISATION,
        ),
        NavItem(
            N_("团队"),
            "users-group",
            "directory_teams.listing",
            ADMINISTRATORS,
            50,
            group=Group.ORGANISATION,
        ),
    ],
)
