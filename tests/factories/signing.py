"""Signatures for tests."""

from uuid import UUID

from sqlalchemy.orm import Session

from core.ids import new_id
from family_doctor.models import OwnSignature

# Something drawn, long enough to count.
STROKES = "M40 150L120 40L200 150M70 110L170 110M260 40L260 160L360 160"


def keep_own_signature(session: Session, account_id: UUID, strokes: str = STROKES) -> None:
    """Let a team's leader have left their signature."""
    session.add(OwnSignature(id=new_id(), account_id=account_id, strokes=strokes))
    session.flush()
