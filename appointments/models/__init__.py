"""Tables of appointments: what is offered, and what was booked."""

from appointments.models.bookings import (
    Booking,
    Suspension,
    Wait,
)
from appointments.models.conduct import (
    Act,
    ConductCase,
    ConductRule,
)
from appointments.models.counted import (
    CountedVisit,
)
from appointments.models.day import (
    HallScreen,
    Ticket,
    Triage,
)
from appointments.models.exchange import (
    HospitalCall,
    HospitalLink,
    HospitalLock,
)
from appointments.models.referrals import (
    Referral,
    ReferralEntry,
)
from appointments.models.release import (
    Arrival,
    Release,
)
from appointments.models.reminders import (
    Reminder,
)
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
    "Act",
    "Arrival",
    "Booking",
    "ClinicSession",
    "ConductCase",
    "ConductRule",
    "CountedVisit",
    "HallScreen",
    "Holiday",
    "HospitalCall",
    "HospitalLink",
    "HospitalLock",
    "Referral",
    "ReferralEntry",
    "Release",
    "Reminder",
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
