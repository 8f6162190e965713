"""From a rule and a half-day to the moments of its slots. Pure."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from appointments.models import Rule
from appointments.schemas import HalfDay, Kind
from core import clock


class SlotTimes(NamedTuple):
    """The moments of a slot: the visit, and between which moments it can be booked and cancelled.

    The fields are named as the columns of the slot.
    """

    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    closes_at: datetime
    cancel_until: datetime


def slot_times(rule: Rule, kind: Kind, day: date, half_day: HalfDay) -> list[SlotTimes]:
    """The slots of a session; a rest shorter than a slot at its end is left out."""
    first, last = (
        (rule.morning_from, rule.morning_until)
        if half_day == HalfDay.MORNING
        else (rule.afternoon_from, rule.afternoon_until)
    )
    length = timedelta(minutes=rule.slot_minutes)
    opens_at = _moment(day - timedelta(days=horizon_days(rule, kind)), rule.release_time)
    cancel_until = _moment(day - timedelta(days=rule.cancel_days), rule.cancel_time)
    slots = []
    start, end = _moment(day, first), _moment(day, last)
    while start + length <= end:
        closes_at = start - timedelta(minutes=rule.close_minutes)
        slots.append(SlotTimes(start, start + length, opens_at, closes_at, cancel_until))
        start += length
    return slots


def horizon_days(rule: Rule, kind: Kind) -> int:
    """How many days ahead a session of this kind can be booked."""
    return rule.expert_horizon_days if kind == Kind.EXPERT else rule.horizon_days


def _moment(day: date, at: time) -> datetime:
    return clock.at(day, at.hour, at.minute)
