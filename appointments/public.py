"""The door of appointments."""

from appointments.queries.bookings import (
    booking_facts,
    coming_bookings,
    list_bookings,
    next_booking,
)
from appointments.queries.offers import get_slot, list_days, list_slots
from appointments.services.booking import book_slot
from appointments.services.opening import open_sessions
from appointments.services.timetable import SlotTimes, slot_times

__all__ = [
    "SlotTimes",
    "book_slot",
    "booking_facts",
    "coming_bookings",
    "get_slot",
    "list_bookings",
    "list_days",
    "list_slots",
    "next_booking",
    "open_sessions",
    "slot_times",
]
