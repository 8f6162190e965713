"""An application gives a token back (RFC 7009)."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth.models import RefreshFamily, RefreshToken, Token
from auth.services.tokens import end_grant
from core import clock
from core.crypto import token_hash


def revoke_token(session: Session, client_id: str, token: str) -> None:
    """End the client's access token, or all that goes with its refresh token. What is not its own
    stays; the answer does not tell it from what never was.
    """
    digest = token_hash(token)
    session.execute(
        update(Token)
        .where(Token.token_hash == digest, Token.client_id == client_id, Token.ended_at.is_(None))
        .values(ended_at=clock.now())
    )
    family = (
        select(RefreshFamily.id)
        .join(RefreshToken, RefreshToken.family_id == RefreshFamily.id)
        .where(RefreshToken.token_hash == digest, RefreshFamily.client_id == client_id)
    )
    family_id = session.scalar(family)
    if family_id is not None:
        end_grant(session, family_id)
