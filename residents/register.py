"""What the residents room plugs into the portal."""

import residents.jobs
import residents.web.family  # noqa: F401  adds its pages to the room's
from auth.events import PhoneChanged
from auth.public import provide_identity_desk
from core.access import Role
from core.messages import N_
from core.web.rooms import Group, NavItem, Reach, Room
from residents.holdings import provide_holdings
from residents.own_holdings import OWN
from residents.papers import PapersDesk
from residents.policy import WORDS
from residents.queries.bindings import CHECK_ROLES
from residents.queries.duplicates import DUPLICATE_ROLES
from residents.queries.identifiers import FIND_ROLES
from residents.subscribers import keep_phone
from residents.web import (
    acting,
    acting_api,
    bindings,
    bindings_api,
    checks,
    duplicates,
    homes,
    homes_api,
    identifiers,
    labels,
    labels_api,
    own_paper,
    papers,
    papers_api,
    persons_api,
    phones,
    phones_api,
)
from residents.web.api import api
from residents.web.pages import pages

provide_identity_desk(PapersDesk())
provide_holdings(*OWN)

room = Room(
    name="residents",
    words=WORDS,
    pages=[
        pages,
        bindings.pages,
        checks.pages,
        labels.pages,
        duplicates.pages,
        identifiers.pages,
        papers.pages,
        own_paper.pages,
        phones.pages,
        phones.objections,
        homes.pages,
        acting.pages,
    ],
    apis=[
        api,
        bindings_api.api,
        labels_api.api,
        persons_api.api,
        papers_api.api,
        phones_api.api,
        homes_api.api,
        acting_api.api,
    ],
    subscribers=[(PhoneChanged, keep_phone)],
    navigation=[
        NavItem(N_("我的"), "user", "residents.me", (Role.RESIDENT,), order=90),
        NavItem(
            N_("凭证件登记"),
            "user-plus",
            "residents_papers.register",
            CHECK_ROLES,
            order=43,
            group=Group.RESIDENTS,
            reach=Reach.DESK,
        ),
        NavItem(
            N_("证件核对"),
            "id",
            "residents_papers.claims",
            CHECK_ROLES,
            order=44,
            group=Group.RESIDENTS,
        ),
        NavItem(
            N_("代办核对"),
            "users",
            "residents_checks.listing",
            CHECK_ROLES,
            order=45,
            group=Group.RESIDENTS,
        ),
        NavItem(
            N_("疑似重复的档案"),
            "copy",
            "residents_duplicates.listing",
            DUPLICATE_ROLES,
            order=46,
            group=Group.RESIDENTS,
        ),
        NavItem(
            N_("按号码找居民"),
            "id",
            "residents_identifiers.find",
            FIND_ROLES,
            order=47,
            also=(labels.pages.name,),
            group=Group.RESIDENTS,
        ),
        NavItem(
            N_("登记手机号"),
            "phone",
            "residents_phones.listing",
            CHECK_ROLES,
            order=48,
            group=Group.RESIDENTS,
        ),
    ],
)
