"""From a rule and a half-day to slots."""

from datetime import date, time, timedelta
from itertools import pairwise
from math import floor
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from appointments.models import Rule
from appointments.public import slot_times
from appointments.schemas import HalfDay, Kind
from appointments.services.timetable import Places, allot, allot_each
from core import clock

DAY = date(2026, 11, 24)


def rule(**more: object) -> Rule:
    values: dict[str, object] = {
        "horizon_days": 7,
        "by_kind": {"expert": {"horizon_days": 14}},
        "reserved_hours": 48,
        "release_time": time(7),
        "close_minutes": 30,
        "cancel_days": 1,
        "cancel_time": time(17),
        "slot_minutes": 30,
        "morning_from": time(8),
        "morning_until": time(12),
        "afternoon_from": time(14, 30),
        "afternoon_until": time(17, 30),
    }
    return Rule(institution_id=uuid4(), **(values | more))


def test_a_morning_is_eight_half_hours() -> None:
    slots = slot_times(rule(), Kind.GENERAL, DAY, HalfDay.MORNING)
    assert len(slots) == 8
    assert slots[0].starts_at == clock.at(DAY, 8)
    assert slots[-1].ends_at == clock.at(DAY, 12)


def test_the_moments_follow_the_rule() -> None:
    slot = slot_times(rule(), Kind.GENERAL, DAY, HalfDay.AFTERNOON)[0]
    assert slot.opens_at == clock.at(date(2026, 11, 17), 7)
    assert slot.closes_at == clock.at(DAY, 14, 0)
    assert slot.cancel_until == clock.at(date(2026, 11, 23), 17)


def test_an_expert_opens_earlier() -> None:
    slot = slot_times(rule(), Kind.EXPERT, DAY, HalfDay.MORNING)[0]
    assert slot.opens_at == clock.at(date(2026, 11, 10), 7)


@given(st.integers(5, 60))
def test_slots_follow_each_other_and_stay_within_the_hours(minutes: int) -> None:
    slots = slot_times(rule(slot_minutes=minutes), Kind.GENERAL, DAY, HalfDay.MORNING)
    assert all(a.ends_at == b.starts_at for a, b in pairwise(slots))
    assert slots[-1].ends_at <= clock.at(DAY, 12)
    assert clock.at(DAY, 12) - slots[-1].ends_at < timedelta(minutes=minutes)


SHARES = {
    "family_doctor_share": 20,
    "referral_share": 10,
    "onsite_share": 10,
    "elderly_share": 5,
}


@st.composite
def shares(draw: st.DrawFn) -> dict[str, int]:
    """Percentages of the reserved pools that leave something to the public, or nothing."""
    left, found = 100, {}
    for name in SHARES:
        found[name] = draw(st.integers(0, left))
        left -= found[name]
    return found


@given(shares(), st.integers(1, 16), st.integers(1, 200))
def test_every_place_is_in_one_pool(kept: dict[str, int], slots: int, capacity: int) -> None:
    places = allot(rule(**kept), slots, capacity)
    assert len(places) == slots
    assert all(sum(slot) == capacity and min(slot) >= 0 for slot in places)


@given(shares(), st.integers(1, 16), st.integers(1, 200))
def test_a_share_holds_for_the_session_within_one_place(
    kept: dict[str, int], slots: int, capacity: int
) -> None:
    places = allot(rule(**kept), slots, capacity)
    total = slots * capacity
    sums = Places(*(sum(column) for column in zip(*places, strict=True)))
    wished = {name: total * kept[name] / 100 for name in SHARES}
    # All of them rounded (halves up) may be more than there is; then the last in order gets less.
    rounded_up = sum(floor(wish + 0.5) for wish in wished.values()) > total
    for name, wish in wished.items():
        got = getattr(sums, name.removesuffix("_share"))
        assert got <= wish + 1
        assert got >= wish - 1 or rounded_up
    public = total - sum(wished.values())
    assert abs(sums.remaining - public) <= len(SHARES) / 2


@given(shares(), st.integers(1, 16), st.integers(1, 200))
def test_no_slot_is_left_with_fewer_public_places_than_another(
    kept: dict[str, int], slots: int, capacity: int
) -> None:
    public = [slot.remaining for slot in allot(rule(**kept), slots, capacity)]
    assert max(public) - min(public) <= 1
    # The rest is kept from the end of the session: who comes early finds a public place.
    assert public == sorted(public, reverse=True)


def test_a_kind_may_have_its_own_release_time() -> None:
    own = {"admission": {"horizon_days": 21, "release_time": "09:30"}}
    slot = slot_times(rule(by_kind=own), Kind.ADMISSION, DAY, HalfDay.MORNING)[0]
    assert slot.opens_at == clock.at(date(2026, 11, 3), 9, 30)
    usual = slot_times(rule(by_kind=own), Kind.ONLINE, DAY, HalfDay.MORNING)[0]
    assert usual.opens_at == clock.at(date(2026, 11, 17), 7)


@given(st.lists(st.integers(0, 30), max_size=12))
def test_places_of_unequal_slots_are_shared_out_whole(capacities: list[int]) -> None:
    shared = allot_each(rule(**SHARES), capacities)
    assert [sum(places) for places in shared] == capacities
    total = sum(capacities)
    reserved = sum(places.family_doctor for places in shared)
    assert reserved == (total * 20 + 50) // 100
    assert sum(places.onsite for places in shared) == (total * 10 + 50) // 100


@given(st.integers(1, 12), st.integers(1, 30))
def test_equal_slots_keep_their_public_places(slots: int, capacity: int) -> None:
    shared = allot(rule(**SHARES), slots, capacity)
    reserved = [capacity - places.remaining for places in shared]
    assert max(reserved) - min(reserved) <= 1
