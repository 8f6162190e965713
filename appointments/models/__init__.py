"""Tables of appointments: what is offered, and what was booked."""

from appointments.models.bookings import Booking, Suspension, Wait
from appointments.models.supply import (
    ClinicSession,
    Holiday,
    Rule,
    Slot,
    Template,
    TemplateException,
)

__all__ = [
    "Booking",
    "ClinicSession",
    "Holiday",
    "Rule",
    "Slot",
    "Suspension",
    "Template",
    "TemplateException",
    "Wait",
]
