"""The door of appointments."""

from appointments.queries.bookings import booking_facts, next_booking
from appointments.services.opening import open_sessions
from appointments.services.timetable import SlotTimes, slot_times

__all__ = ["SlotTimes", "booking_facts", "next_booking", "open_sessions", "slot_times"]
