"""Assertions of applications are accepted once."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.models import ClientAssertion
from core.crypto import token_hash

# Longer than the tolerance with which its end is read.
KEPT_AFTER = timedelta(minutes=5)


def use_assertion(session: Session, client_id: str, jti: str, expires: float) -> bool:
    """Whether the client shows this assertion for the first time; of many at once one wins."""
    row = insert(ClientAssertion).values(
        client_id=client_id,
        jti_hash=token_hash(jti),
        expires_at=datetime.fromtimestamp(expires, UTC) + KEPT_AFTER,
    )
    used = row.on_conflict_do_nothing().returning(ClientAssertion.client_id)
    return session.execute(used).first() is not None
