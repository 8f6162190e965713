"""Waiting for a place in a full session."""

from datetime import date, datetime
from enum import IntEnum, StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from appointments.schemas.bookings import Clinic, HalfDay, Waiting, When
from appointments.schemas.wall_time import WallTime
from core.searching import SearchQuery


class WaitAction(StrEnum):
    """What may be asked of waiting for a full session."""

    JOIN_WAIT = "appointments:join-wait"
    READ_WAIT = "appointments:read-wait"
    LEAVE_WAIT = "appointments:leave-wait"


class Priority(IntEnum):
    """Who is offered a returned place first (waitlist.order of the proposed rules)."""

    REFERRED = 0
    ELDERLY = 1
    CONTRACTED = 2
    OTHERS = 3


class JoinWait(BaseModel):
    """Wait for any place of a full session, for oneself or somebody one may act for."""

    model_config = ConfigDict(extra="forbid")

    session_id: UUID
    person_id: UUID


class WaitQuery(SearchQuery):
    """Waits of one person, or without one of oneself and those one may act for: all, those that
    may still bring a place, or those that ended.
    """

    when: When | None = None
    person_id: UUID | None = None


class WaitView(Clinic):
    """How a wait stands. ``ahead`` waiters are offered a place first, at this moment; a place held
    until ``held_until`` is to be confirmed as the booking it is. No offer begins in the quiet
    hours, if there are any.
    """

    id: UUID
    session_id: UUID
    person_id: UUID
    state: Waiting
    priority: Priority
    date: date
    half_day: HalfDay
    created_at: datetime
    offers_end: datetime
    ahead: int
    booking_id: UUID | None
    starts_at: datetime | None
    ends_at: datetime | None
    held_until: datetime | None
    quiet_from: WallTime | None
    quiet_until: WallTime | None
