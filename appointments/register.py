"""What the appointments room plugs into the portal."""

import appointments.jobs  # noqa: F401  registers the scheduled work
from appointments.events import BookingCancelled, BookingChanged, SlotBooked
from appointments.policy import WORDS
from appointments.public import coming_bookings
from appointments.subscribers import tell_booked, tell_cancelled, tell_changed
from appointments.web import finding, finding_api
from appointments.web.api import api
from appointments.web.booking import pages as booking_pages
from appointments.web.desk import pages as desk_pages
from appointments.web.pages import pages
from core.access import Role
from core.messages import N_
from core.web.rooms import NavItem, Room
from directory.public import provide_coming_bookings

provide_coming_bookings(coming_bookings)

room = Room(
    name="appointments",
    words=WORDS,
    pages=[pages, finding.pages, booking_pages, desk_pages],
    apis=[api, finding_api.api],
    subscribers=[
        (SlotBooked, tell_booked),
        (BookingCancelled, tell_cancelled),
        (BookingChanged, tell_changed),
    ],
    navigation=[
        NavItem(N_("预约"), "calendar-event", "appointments.hospitals", (Role.RESIDENT,), order=20),
        NavItem(
            N_("每日预约"), "clipboard-list", "appointments.day_list", (Role.REGISTRAR,), order=10
        ),
    ],
)
