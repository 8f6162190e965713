"""Tables of appointments: what is offered, and what was booked."""

from appointments.models.bookings import Booking, Suspension, Wait
from appointments.models.reminders import Reminder
from appointments.models.supply import (
    ClinicSession,
    Holiday,
    Rule,
    Slot,
    Symptom,
    Template,
    TemplateException,
)

__all__ = [
    "Booking",
    "ClinicSession",
    "Holiday",
    "Reminder",
    "Rule",
    "Slot",
    "Suspension",
    "Symptom",
    "Template",
    "TemplateException",
    "Wait",
]
