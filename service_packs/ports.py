"""What this room needs from rooms above it; they register it at start."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

Reopening: TypeAlias = Callable[[Session, UUID], None]
# A person to what is owed now: (entitlement, item code) → the day by which.
DueServices: TypeAlias = Callable[[Session, UUID], Mapping[tuple[UUID, str], date]]
# A team to the days within which what it did is recorded; None where no rule says.
RecordDays: TypeAlias = Callable[[Session, UUID], int | None]
_reopening: Reopening | None = None
_due_services: DueServices | None = None
_record_days: RecordDays | None = None


def provide_reopening(hook: Reopening) -> None:
    """Register how what a service record settled is opened again."""
    global _reopening
    _reopening = hook


def reopen_settled(session: Session, record_id: UUID) -> None:
    """Let go of a record that is withdrawn: what it settled is owed again."""
    if _reopening:
        _reopening(session, record_id)


def provide_due_services(hook: DueServices) -> None:
    """Register how it is found what a person is owed now."""
    global _due_services
    _due_services = hook


def due_services(session: Session, person_id: UUID) -> Mapping[tuple[UUID, str], date]:
    """What may be done for a person now and by when it is owed: (entitlement, item code) → day."""
    return _due_services(session, person_id) if _due_services else {}


def provide_record_days(hook: RecordDays) -> None:
    """Register within how many days a team records a service."""
    global _record_days
    _record_days = hook


def record_days(session: Session, team_id: UUID) -> int | None:
    """Within how many days after a service this team records it; None: whenever."""
    return _record_days(session, team_id) if _record_days else None
