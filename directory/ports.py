"""What this room needs from rooms above it; they register it at start."""

from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from directory.schemas import Kind

# How many visits are booked and still to come at an institution, a department or one of the staff.
ComingBookings: TypeAlias = Callable[[Session, Kind, UUID], int]
_coming_bookings: ComingBookings | None = None


def provide_coming_bookings(hook: ComingBookings) -> None:
    """Register how the visits are counted that closing something would leave without a place."""
    global _coming_bookings
    _coming_bookings = hook


def coming_bookings(session: Session, kind: Kind, subject_id: UUID) -> int:
    """How many booked visits closing it would leave without a place."""
    return _coming_bookings(session, kind, subject_id) if _coming_bookings else 0
