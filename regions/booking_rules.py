"""How the region's institutions take bookings, unless their administrator says otherwise."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from appointments.schemas import Kind
from regions.facts import AppointmentRules

# Consulting hours of all institutions; the pack's rules say nothing of them.
MORNING = time(8), time(12)
AFTERNOON = time(14, 30), time(17, 30)
# Own proposals, not in the pack's rules: checking in opens so long before the slot; after a
# release one enters by the queue for so long, so many a second (bench/release bears more).
EARLY_MINUTES = 60
QUEUE_MINUTES = 30
QUEUE_RATE = 20
# Who does not come is called again so often; passed over, so many others go first.
RECALL_MAX = 3
SKIP_BEHIND = 3
# From which age the elderly's places are for a patient.
ELDERLY_AGE = 65


@dataclass(frozen=True, slots=True)
class Hours:
    """The rules of an institution, named as the appointments keep them."""

    horizon_days: int
    release_time: time
    by_kind: dict[str, Any]
    close_minutes: int
    cancel_days: int
    cancel_time: time
    day_limit: int
    active_limit: int
    proxies_limit: int
    family_doctor_share: int
    referral_share: int
    onsite_share: int
    elderly_share: int
    elderly_age: int
    reserved_hours: int
    hold_minutes: int
    waitlist_limit: int
    offer_minutes: int
    quiet_from: time | None
    quiet_until: time | None
    no_show_max: int
    no_show_days: int
    suspend_days: int
    late_cancel_percent: int
    early_minutes: int
    grace_minutes: int
    recall_max: int
    skip_behind: int
    queue_minutes: int
    queue_rate: int
    slot_minutes: int
    morning_from: time
    morning_until: time
    afternoon_from: time
    afternoon_until: time


def hours(rules: AppointmentRules) -> Hours:
    """The region's defaults, for every institution."""
    return Hours(
        horizon_days=rules.horizon_days,
        release_time=rules.release_time,
        by_kind={Kind.EXPERT.value: {"horizon_days": rules.horizon_expert_days}},
        close_minutes=rules.same_day_until_minutes_before,
        cancel_days=rules.cancel_days_before,
        cancel_time=rules.cancel_time,
        day_limit=rules.limit_per_patient_day,
        active_limit=rules.limit_active_per_patient,
        proxies_limit=rules.limit_per_account_proxies,
        family_doctor_share=_percent(rules.pools.family_doctor_reserved),
        referral_share=_percent(rules.pools.referral),
        onsite_share=_percent(rules.pools.onsite),
        elderly_share=_percent(rules.pools.elderly_phone),
        elderly_age=ELDERLY_AGE,
        reserved_hours=rules.reserved_pool_release_hours_before,
        hold_minutes=rules.pay_hold_minutes,
        waitlist_limit=rules.waitlist.max_per_patient,
        offer_minutes=rules.waitlist.offer_minutes,
        quiet_from=rules.waitlist.quiet_from,
        quiet_until=rules.waitlist.quiet_until,
        no_show_max=rules.no_show_max,
        no_show_days=rules.no_show_window_days,
        suspend_days=rules.suspend_days,
        late_cancel_percent=_percent(rules.late_cancel_no_shows),
        early_minutes=EARLY_MINUTES,
        grace_minutes=rules.grace_checkin_minutes,
        recall_max=RECALL_MAX,
        skip_behind=SKIP_BEHIND,
        queue_minutes=QUEUE_MINUTES,
        queue_rate=QUEUE_RATE,
        slot_minutes=rules.slot_minutes,
        morning_from=MORNING[0],
        morning_until=MORNING[1],
        afternoon_from=AFTERNOON[0],
        afternoon_until=AFTERNOON[1],
    )


def _percent(share: float) -> int:
    return round(share * 100)
