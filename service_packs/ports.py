"""What this room needs from rooms above it; they register it at start."""

from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

Reopening: TypeAlias = Callable[[Session, UUID], None]
_reopening: Reopening | None = None


def provide_reopening(hook: Reopening) -> None:
    """Register how what a service record settled is opened again."""
    global _reopening
    _reopening = hook


def reopen_settled(session: Session, record_id: UUID) -> None:
    """Let go of a record that is withdrawn: what it settled is owed again."""
    if _reopening:
        _reopening(session, record_id)
