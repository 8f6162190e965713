"""The door of appointments."""

from appointments.hospital.signing import make_secret
from appointments.ports import provide_usual_rules
from appointments.queries.bookings import (
    booking_facts,
    coming_bookings,
    list_bookings,
    next_booking,
)
from appointments.queries.offers import get_slot, list_days, list_slots
from appointments.queries.referral_flows import ReferralFlow, referral_flows, referral_origin
from appointments.queries.referral_state import has_open_referral
from appointments.queries.referrals import referrals_of
from appointments.referral_rules import (
    Criterion,
    Haste,
    ReferralRules,
    provide_referral_rules,
)
from appointments.referral_states import ReferralState, ReferralStep
from appointments.services.booking import book_slot
from appointments.services.opening import open_sessions
from appointments.services.queue import ensure_release
from appointments.services.timetable import SlotTimes, slot_times
from appointments.services.usual import Brought, bring_conduct_rule, bring_rule
from appointments.what_to_bring import ThingToBring, provide_what_to_bring

__all__ = [
    "Brought",
    "Criterion",
    "Haste",
    "ReferralFlow",
    "ReferralRules",
    "ReferralState",
    "ReferralStep",
    "SlotTimes",
    "ThingToBring",
    "book_slot",
    "booking_facts",
    "bring_conduct_rule",
    "bring_rule",
    "coming_bookings",
    "ensure_release",
    "get_slot",
    "has_open_referral",
    "list_bookings",
    "list_days",
    "list_slots",
    "make_secret",
    "next_booking",
    "open_sessions",
    "provide_referral_rules",
    "provide_usual_rules",
    "provide_what_to_bring",
    "referral_flows",
    "referral_origin",
    "referrals_of",
    "slot_times",
]
