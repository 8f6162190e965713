"""What the appointments room plugs into the portal."""

import appointments.jobs  # noqa: F401  registers the scheduled work
from appointments.events import BookingCancelled, BookingStopped, SlotBooked, WaitStopped
from appointments.policy import WORDS
from appointments.public import coming_bookings
from appointments.reactions import SUBSCRIBERS
from appointments.subscribers import (
    tell_booked,
    tell_cancelled,
    tell_stopped,
    tell_wait_stopped,
)
from appointments.web import finding, finding_api, visits, visits_api, waits, waits_api
from appointments.web.api import api
from appointments.web.clinics import pages as clinics
from appointments.web.pages import pages
from appointments.web.rules import pages as rules
from appointments.web.schedule import pages as schedule
from appointments.web.stops import pages as stops
from appointments.web.supply_api import api as supply_api
from core.access import Role
from core.messages import N_
from core.web.rooms import NavItem, Room
from directory.public import provide_coming_bookings

provide_coming_bookings(coming_bookings)

room = Room(
    name="appointments",
    words=WORDS,
    pages=[pages, finding.pages, waits.pages, visits.pages, schedule, clinics, stops, rules],
    apis=[api, finding_api.api, waits_api.api, visits_api.api, supply_api],
    subscribers=[
        (SlotBooked, tell_booked),
        (BookingCancelled, tell_cancelled),
        (BookingStopped, tell_stopped),
        (WaitStopped, tell_wait_stopped),
        *SUBSCRIBERS,
    ],
    navigation=[
        NavItem(N_("预约"), "calendar-event", "appointments.hospitals", (Role.RESIDENT,), order=20),
        NavItem(
            N_("每日预约"), "clipboard-list", "appointments.day_list", (Role.REGISTRAR,), order=10
        ),
        NavItem(
            N_("爽约核对"),
            "user-question",
            "appointments_visits.review",
            (Role.REGISTRAR,),
            order=20,
        ),
        NavItem(
            N_("排班"), "calendar-plus", "appointments_schedule.week", (Role.REGISTRAR,), order=12
        ),
        NavItem(
            N_("预约规则"),
            "adjustments",
            "appointments_rules.listing",
            (Role.ADMINISTRATOR,),
            order=60,
        ),
    ],
)
