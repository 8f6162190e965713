"""The door of appointments."""

from appointments.queries.bookings import booking_facts, coming_bookings, next_booking
from appointments.services.opening import open_sessions
from appointments.services.queue import ensure_release
from appointments.services.timetable import SlotTimes, slot_times

__all__ = [
    "SlotTimes",
    "booking_facts",
    "coming_bookings",
    "ensure_release",
    "next_booking",
    "open_sessions",
    "slot_times",
]
