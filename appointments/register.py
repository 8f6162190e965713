"""What the appointments room plugs into the portal."""

import appointments.jobs  # noqa: F401  registers the scheduled work
from appointments.events import BookingCancelled, SlotBooked
from appointments.policy import WORDS
from appointments.public import coming_bookings
from appointments.reactions import SUBSCRIBERS
from appointments.subscribers import tell_booked, tell_cancelled
from appointments.web import (
    day,
    day_api,
    finding,
    finding_api,
    halls,
    visits,
    visits_api,
    waits,
    waits_api,
)
from appointments.web.api import api
from appointments.web.pages import pages
from core.access import Role
from core.messages import N_
from core.web.rooms import NavItem, Room
from directory.public import provide_coming_bookings

provide_coming_bookings(coming_bookings)

room = Room(
    name="appointments",
    words=WORDS,
    pages=[pages, finding.pages, day.pages, halls.pages, waits.pages, visits.pages],
    apis=[api, finding_api.api, day_api.api, waits_api.api, visits_api.api],
    subscribers=[
        (SlotBooked, tell_booked),
        (BookingCancelled, tell_cancelled),
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
            N_("叫号台"), "speakerphone", "appointments_day.rooms", (Role.REGISTRAR,), order=12
        ),
        NavItem(
            N_("候诊大屏"), "device-tv", "appointments_halls.screens", (Role.REGISTRAR,), order=14
        ),
    ],
)
