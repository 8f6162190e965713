"""What this room needs from parts above it or built on it; they register it at start."""

from collections.abc import Callable, Collection
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from appointments.schemas import UsualRules

# Whether a referral of the patient to this department is open.
OpenReferral: TypeAlias = Callable[[Session, UUID, UUID], bool]
# The bookings of a session whose patients were seen; None where it was run without check-in.
Seen: TypeAlias = Callable[[Session, UUID], Collection[UUID] | None]
_usual_rules: UsualRules | None = None
_open_referral: OpenReferral | None = None
_seen: Seen | None = None


def provide_open_referral(hook: OpenReferral) -> None:
    """Register how it is found that a patient was referred to a department."""
    global _open_referral
    _open_referral = hook


def open_referral(session: Session, person_id: UUID, department_id: UUID) -> bool:
    """Whether a referral of the patient to this department is open."""
    return _open_referral(session, person_id, department_id) if _open_referral else False


def provide_seen(hook: Seen) -> None:
    """Register how it is found who came to a session that was run with check-in."""
    global _seen
    _seen = hook


def seen(session: Session, session_id: UUID) -> Collection[UUID] | None:
    """The bookings of a session whose patients were seen; None where nobody kept check-in: then
    the desk says who came.
    """
    return _seen(session, session_id) if _seen else None


def provide_usual_rules(rules: UsualRules) -> None:
    """Make these the rules by which the region's institutions begin to take bookings."""
    global _usual_rules
    _usual_rules = rules


def usual_rules() -> UsualRules | None:
    """The region's rules of booking; None where no region gave any."""
    return _usual_rules
