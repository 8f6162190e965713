"""What the appointments room plugs into the portal."""

import appointments.jobs  # noqa: F401  registers the scheduled work
from appointments.events import AccountRested, BookingCancelled, CaseDecided, SlotBooked
from appointments.policy import WORDS
from appointments.public import coming_bookings
from appointments.subscribers import tell_booked, tell_cancelled, tell_decided, tell_rested
from appointments.web import finding, finding_api
from appointments.web.api import api
from appointments.web.conduct import pages as conduct_pages
from appointments.web.conduct_api import api as conduct_api
from appointments.web.pages import pages
from appointments.web.release import pages as release_pages
from appointments.web.release_api import api as release_api
from core.access import Role
from core.messages import N_
from core.web.rooms import NavItem, Room
from directory.public import provide_coming_bookings

provide_coming_bookings(coming_bookings)

room = Room(
    name="appointments",
    words=WORDS,
    pages=[pages, finding.pages, release_pages, conduct_pages],
    apis=[api, finding_api.api, release_api, conduct_api],
    subscribers=[
        (SlotBooked, tell_booked),
        (BookingCancelled, tell_cancelled),
        (AccountRested, tell_rested),
        (CaseDecided, tell_decided),
    ],
    navigation=[
        NavItem(N_("预约"), "calendar-event", "appointments.hospitals", (Role.RESIDENT,), order=20),
        NavItem(
            N_("每日预约"), "clipboard-list", "appointments.day_list", (Role.REGISTRAR,), order=10
        ),
        NavItem(
            N_("异常预约核查"),
            "user-search",
            "appointments_conduct.listing",
            (Role.REGISTRAR, Role.ADMINISTRATOR),
            order=60,
        ),
        NavItem(
            N_("异常预约规则"),
            "adjustments",
            "appointments_conduct.rules",
            (Role.ADMINISTRATOR,),
            order=61,
        ),
    ],
)
