"""What the appointments room plugs into the portal."""

import appointments.jobs  # noqa: F401  registers the scheduled work
from appointments.holdings import OWN
from appointments.policy import WORDS
from appointments.ports import provide_open_referral, provide_seen
from appointments.public import coming_bookings, has_open_referral
from appointments.queries.referrals import TEAM_ROLES
from appointments.queries.tickets import seen_on
from appointments.queries.waiting import waiting
from appointments.subscribers import SUBSCRIBERS
from appointments.web import (
    booking,
    clinics,
    conduct,
    conduct_api,
    day,
    day_api,
    desk,
    exchange,
    exchange_api,
    finding,
    finding_api,
    halls,
    release,
    release_api,
    rules,
    schedule,
    stops,
    supply_api,
    visits,
    visits_api,
    waits,
    waits_api,
)
from appointments.web.api import api
from appointments.web.pages import pages
from appointments.web.referrals import referrals
from appointments.web.referrals_api import referrals_api
from core.access import Role
from core.messages import N_
from core.web.rooms import Group, NavItem, Reach, Room
from directory.public import provide_coming_bookings
from residents.public import provide_holdings

provide_coming_bookings(coming_bookings)
provide_open_referral(has_open_referral)
provide_seen(seen_on)
provide_holdings(*OWN)

# Where residents get to from the list of hospitals and from their own bookings.
RESIDENTS_PAGES = (
    finding.pages.name,
    booking.pages.name,
    day.pages.name,
    release.pages.name,
    waits.pages.name,
    visits.pages.name,
    conduct.pages.name,
    stops.pages.name,
    referrals.name,
)

room = Room(
    name="appointments",
    words=WORDS,
    pages=[
        pages,
        finding.pages,
        booking.pages,
        desk.pages,
        day.pages,
        halls.pages,
        release.pages,
        waits.pages,
        visits.pages,
        conduct.pages,
        referrals,
        schedule.pages,
        clinics.pages,
        stops.pages,
        rules.pages,
        exchange.pages,
    ],
    apis=[
        api,
        finding_api.api,
        day_api.api,
        release_api.api,
        waits_api.api,
        visits_api.api,
        conduct_api.api,
        referrals_api,
        supply_api.api,
        exchange_api.api,
    ],
    subscribers=SUBSCRIBERS,
    commands={"hospital-link": "appointments.commands:hospital_link"},
    navigation=[
        NavItem(
            N_("对接异常"),
            "plug-connected-x",
            "appointments_exchange.exceptions",
            (Role.REGISTRAR, Role.ADMINISTRATOR),
            order=40,
            group=Group.BOOKING,
        ),
        NavItem(
            N_("医院对接"),
            "plug-connected",
            "appointments_exchange.links",
            (Role.ADMINISTRATOR,),
            order=58,
            group=Group.BOOKING,
        ),
        NavItem(
            N_("预约"),
            "calendar-event",
            "appointments.hospitals",
            (Role.RESIDENT,),
            order=20,
            also=RESIDENTS_PAGES,
        ),
        NavItem(
            N_("每日预约"),
            "clipboard-list",
            "appointments.day_list",
            (Role.REGISTRAR,),
            order=10,
            group=Group.TODAY,
        ),
        NavItem(
            N_("排班"),
            "calendar-plus",
            "appointments_schedule.week",
            (Role.REGISTRAR,),
            order=12,
            group=Group.BOOKING,
        ),
        NavItem(
            N_("叫号台"),
            "speakerphone",
            "appointments_day.rooms",
            (Role.REGISTRAR,),
            order=14,
            group=Group.TODAY,
        ),
        NavItem(
            N_("候诊大屏"),
            "device-tv",
            "appointments_halls.screens",
            (Role.REGISTRAR,),
            order=16,
            group=Group.TODAY,
        ),
        NavItem(
            N_("爽约核对"),
            "user-question",
            "appointments_visits.review",
            (Role.REGISTRAR,),
            order=20,
            group=Group.BOOKING,
        ),
        NavItem(
            N_("转诊"),
            "arrows-exchange",
            "appointments_referrals.inbox",
            (*TEAM_ROLES, Role.REGISTRAR),
            order=30,
            group=Group.TODAY,
        ),
        NavItem(
            N_("预约规则"),
            "adjustments",
            "appointments_rules.listing",
            (Role.ADMINISTRATOR,),
            order=59,
            group=Group.BOOKING,
        ),
        NavItem(
            N_("异常预约核查"),
            "user-search",
            "appointments_conduct.listing",
            (Role.REGISTRAR, Role.ADMINISTRATOR),
            order=60,
            group=Group.BOOKING,
        ),
        NavItem(
            N_("异常预约规则"),
            "adjustments",
            "appointments_conduct.rules",
            (Role.ADMINISTRATOR,),
            order=61,
            group=Group.BOOKING,
            reach=Reach.REGION,
        ),
    ],
    counts=waiting,
)
