"""What this room needs from rooms above it; they register it at start."""

from collections.abc import Callable, Sequence
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

# (phone, code, challenge id as idempotency key); raises Unavailable.
CodeSender: TypeAlias = Callable[[str, str, UUID], None]
# A unit (division code, institution or team id) to itself and all units above it.
UnitPath: TypeAlias = Callable[[Session, str], Sequence[str]]

_code_sender: CodeSender | None = None
_unit_path: UnitPath | None = None


def provide_code_sender(sender: CodeSender) -> None:
    """Register how sign-in codes reach a phone."""
    global _code_sender
    _code_sender = sender


def provide_unit_path(path: UnitPath) -> None:
    """Register how a unit's place in the organisation tree is found."""
    global _unit_path
    _unit_path = path


def send_code(phone: str, code: str, challenge_id: UUID) -> None:
    """Send a sign-in code; call it outside any transaction. Raises Unavailable."""
    if _code_sender is None:
        raise RuntimeError("no room provides a code sender")
    _code_sender(phone, code, challenge_id)


def unit_path(session: Session, unit: str) -> tuple[str, ...]:
    """The unit and all units above it, nearest first."""
    if _unit_path is None:
        raise RuntimeError("no room provides the organisation tree")
    return tuple(_unit_path(session, unit))
