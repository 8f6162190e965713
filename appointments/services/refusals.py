"""Why a place was not taken, in words that say what is possible instead."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from appointments.queries.offers import find_nearest, slot_view
from appointments.schemas import Pool, SlotState, SlotView
from core import clock
from core.errors import Conflict
from core.messages import N_

# Refusals that another slot would not change: they are about the patient.
OF_PATIENT = ("suspended", "already_booked", "day_limit", "active_limit", "elderly_only")


def refusal(session: Session, wanted: Row[Any], outcome: Row[Any], pool: Pool) -> Conflict:
    """Why no place was taken. The patient's own limits come first: another slot would not help."""
    return _of_patient(wanted, outcome) or _of_slot(session, wanted, pool)


def too_late(until: datetime) -> Conflict:
    """To cancel without it counting."""
    return Conflict(
        "too_late_to_cancel",
        N_("免责取消已于 %(until)s 截止。现在取消会计入爽约记录；早些取消，也能把号让给别人。"),
        until=day_and_time(until),
    )


def visit_over() -> Conflict:
    """Nothing can be given back any more."""
    return Conflict(
        "visit_over", N_("就诊时间已到，不能再取消或改时间。如不能前来，请直接告诉医院导诊台。")
    )


def checked_in() -> Conflict:
    """The patient is here, with a ticket: only the desk ends both."""
    return Conflict(
        "checked_in", N_("已报到，不能在网上取消或改时间。有变化请告诉导诊台，由导诊台一起退号。")
    )


def suspended(until: datetime) -> Conflict:
    """The patient may not book here for a while."""
    return Conflict(
        "suspended",
        N_("因多次爽约，在这家医院的网上预约暂停到 %(until)s。可以在“我的预约”里申诉。"),
        until=f"{clock.local(until):%Y-%m-%d}",
    )


def already_booked() -> Conflict:
    """One place per patient, department and day."""
    return Conflict(
        "already_booked",
        N_("就诊人这一天在这个科室已有预约，每人每天每个科室约一次。可以在“我的预约”里查看。"),
    )


def elderly_only(least: int, age: int) -> Conflict:
    """Places kept for the elderly and those who call, for somebody who is younger."""
    return Conflict(
        "elderly_only",
        N_(
            "老年电话号留给就诊时满 %(least)s 岁的人，就诊人 %(age)s 岁。"
            "请给今天的现场号，或请对方在手机上预约。"
        ),
        least=least,
        age=age,
    )


def not_offered(slot: SlotView) -> Conflict | None:
    """What holds for everybody, however many places are left."""
    if slot.state is SlotState.OUT_OF_SERVICE:
        return Conflict("out_of_service", N_("这个门诊已停诊，不能再预约。请看看其他医生或科室。"))
    if slot.state is SlotState.STOPPED:
        return Conflict("stopped", N_("这个门诊当天停诊，不能再预约。请看看其他时间或医生。"))
    if slot.state is SlotState.NOT_YET:
        return Conflict(
            "slot_not_open",
            N_("这个时段 %(opens)s 放号，请到时再约。"),
            opens=day_and_time(slot.opens_at),
        )
    return None


def hold_over() -> Conflict:
    """A held place went back."""
    return Conflict("hold_over", N_("为您保留的号已过时，名额已退回。请重新选一个时段。"))


def refused_together(alone: Conflict, wanted: Row[Any], people: int) -> Conflict:
    """Why several people got no place together: whose limit it was, or that places ran out."""
    if alone.code in OF_PATIENT:
        return Conflict(
            alone.code,
            N_("%(name)s：%(reason)s一起约的几个人都没有约。"),
            name=wanted.person_name,
            reason=alone.message,
        )
    if alone.code in ("slot_full", "none_free"):
        return Conflict(
            "not_enough",
            N_("这个时段的号不够 %(people)s 个人一起约，都没有约。请换一个时段，或者分开约。"),
            people=people,
        )
    return alone


def _of_patient(wanted: Row[Any], outcome: Row[Any]) -> Conflict | None:
    if outcome.suspended_until:
        return suspended(outcome.suspended_until)
    if outcome.in_department:
        return already_booked()
    if outcome.on_day >= wanted.day_limit:
        return Conflict(
            "day_limit",
            N_("每人每天最多预约 %(limit)s 次，就诊人这一天已经约满。请换一天，或先取消一个预约。"),
            limit=wanted.day_limit,
        )
    if outcome.ahead >= wanted.active_limit:
        return Conflict(
            "active_limit",
            N_("就诊人有 %(limit)s 个还没就诊的预约，已到上限。就诊或取消一个之后可以再约。"),
            limit=wanted.active_limit,
        )
    return None


def _of_slot(session: Session, wanted: Row[Any], pool: Pool) -> Conflict:
    slot = slot_view(wanted)
    if never := not_offered(slot):
        return never
    if pool is Pool.ONSITE:
        return Conflict("none_onsite", N_("这个时段没有现场号了。请看看这个科室的其他时段。"))
    nearest = find_nearest(session, slot)
    if nearest is None:
        return Conflict("none_free", N_("这个科室近期的号都约满了。请明天再来看看，或换一家医院。"))
    free = f"{clock.local(nearest.starts_at):%H:%M}"
    if nearest.date != slot.date:
        free = day_and_time(nearest.starts_at)
    if slot.state is SlotState.CLOSED:
        return Conflict(
            "slot_closed", N_("这个时段的预约已截止，最近的空位是 %(free)s。"), free=free
        )
    return Conflict("slot_full", N_("这个时段刚被约满，最近的空位是 %(free)s。"), free=free)


def day_and_time(moment: datetime) -> str:
    """A moment in a sentence."""
    return f"{clock.local(moment):%m-%d %H:%M}"
