"""Tables of appointments: what is offered, and what was booked."""

from appointments.models.bookings import Booking, Suspension, Wait
from appointments.models.counted import CountedVisit
from appointments.models.day import HallScreen, Ticket, Triage
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
    "CountedVisit",
    "HallScreen",
    "Holiday",
    "Rule",
    "Slot",
    "Suspension",
    "Symptom",
    "Template",
    "TemplateException",
    "Ticket",
    "Triage",
    "Wait",
]
