"""What this room needs from rooms above it; they register it at start."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

# (phone, code, challenge id as idempotency key); raises Unavailable.
CodeSender: TypeAlias = Callable[[str, str, UUID], None]
# A unit (division code, institution or team id) to itself and all units above it.
UnitPath: TypeAlias = Callable[[Session, str], Sequence[str]]


class IdentityDesk(Protocol):
    """Where identity papers are checked, and whose they are."""

    def genuine(self, name: str, id_number: str) -> bool:
        """Ask the real-name service, outside any transaction; of another paper than the ID card,
        whether it is known under this name. Raises Invalid for a number that cannot be right,
        Unavailable.
        """

    def person_of(self, session: Session, name: str, id_number: str) -> UUID | None:
        """The person of that name and number, if known."""

    def mark_of(self, session: Session, name: str, id_number: str) -> bytes:
        """The keyed digest of a number, by which two accounts are known to be one human's."""

    def mark_of_person(self, session: Session, person_id: UUID) -> bytes | None:
        """The same of a person's number."""


_code_sender: CodeSender | None = None
_unit_path: UnitPath | None = None
_identity_desk: IdentityDesk | None = None


def provide_code_sender(sender: CodeSender) -> None:
    """Register how sign-in codes reach a phone."""
    global _code_sender
    _code_sender = sender


def provide_unit_path(path: UnitPath) -> None:
    """Register how a unit's place in the organisation tree is found."""
    global _unit_path
    _unit_path = path


def provide_identity_desk(desk: IdentityDesk) -> None:
    """Register where papers are checked."""
    global _identity_desk
    _identity_desk = desk


def identity_desk() -> IdentityDesk:
    """Where papers are checked. Raises RuntimeError where no room provides it."""
    if _identity_desk is None:
        raise RuntimeError("no room provides an identity desk")
    return _identity_desk


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
