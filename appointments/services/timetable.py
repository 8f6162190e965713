"""From a rule and a half-day to the moments of its slots. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, repeat
from typing import NamedTuple

from appointments.models import Rule
from appointments.schemas import HalfDay, Kind
from core import clock


class SlotTimes(NamedTuple):
    """The moments of a slot: the visit, between which moments it can be booked and cancelled, and
    until when places are reserved.

    The fields are named as the columns of the slot.
    """

    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    closes_at: datetime
    cancel_until: datetime
    reserved_until: datetime


class Places(NamedTuple):
    """The free places of a slot by pool, named as its columns; ``remaining`` is the public's."""

    remaining: int
    family_doctor: int
    referral: int
    onsite: int
    elderly: int


def slot_times(rule: Rule, kind: Kind, day: date, half_day: HalfDay) -> list[SlotTimes]:
    """The slots of a session; a rest shorter than a slot at its end is left out."""
    first, last = (
        (rule.morning_from, rule.morning_until)
        if half_day == HalfDay.MORNING
        else (rule.afternoon_from, rule.afternoon_until)
    )
    length = timedelta(minutes=rule.slot_minutes)
    slots = []
    start, end = _moment(day, first), _moment(day, last)
    while start + length <= end:
        slots.append(slot_between(rule, kind, start, start + length))
        start += length
    return slots


def slot_between(rule: Rule, kind: Kind, start: datetime, end: datetime) -> SlotTimes:
    """The moments of one slot of a session of that kind."""
    day = clock.local(start).date()
    return SlotTimes(
        start,
        end,
        _moment(day - timedelta(days=horizon_days(rule, kind)), release_time(rule, kind)),
        start - timedelta(minutes=rule.close_minutes),
        _moment(day - timedelta(days=rule.cancel_days), rule.cancel_time),
        start - timedelta(hours=rule.reserved_hours),
    )


def can_be_booked(times: SlotTimes) -> bool:
    """Whether a slot opens before it closes."""
    return times.opens_at < times.closes_at


def allot(rule: Rule, slots: int, capacity: int) -> list[Places]:
    """As ``allot_each``, where all slots take as many patients."""
    return allot_each(rule, [capacity] * slots)


def allot_each(rule: Rule, capacities: Sequence[int]) -> list[Places]:
    """The places of each slot of a session by the rule's shares, which hold for the session as a
    whole: with three patients a slot no single slot could be shared out.

    The last places of every slot are reserved first, so that each keeps public ones.
    """
    # From the end: one in each slot, then the next in each.
    places = [
        slot
        for taken in range(max(capacities, default=0))
        for slot in reversed(range(len(capacities)))
        if capacities[slot] > taken
    ]
    total = len(places)
    reserved = [
        pool
        for pool, share in (
            ("family_doctor", rule.family_doctor_share),
            ("referral", rule.referral_share),
            ("onsite", rule.onsite_share),
            ("elderly", rule.elderly_share),
        )
        for _ in range((total * share + 50) // 100)
    ][:total]
    counts = [dict.fromkeys(Places._fields, 0) for _ in capacities]
    for slot, pool in zip(places, chain(reserved, repeat("remaining")), strict=False):
        counts[slot][pool] += 1
    return [Places(**count) for count in counts]


def horizon_days(rule: Rule, kind: Kind) -> int:
    """How many days ahead a session of this kind can be booked."""
    return int((rule.by_kind or {}).get(kind, {}).get("horizon_days", rule.horizon_days))


def release_time(rule: Rule, kind: Kind) -> time:
    """The wall-clock time at which a further day of this kind opens."""
    own = (rule.by_kind or {}).get(kind, {}).get("release_time")
    return time.fromisoformat(own) if own else rule.release_time


def _moment(day: date, at: time) -> datetime:
    return clock.at(day, at.hour, at.minute)
