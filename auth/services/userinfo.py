"""What an application reads about a person with its access token."""

from typing import Any

from sqlalchemy.orm import Session

from auth.claims import claims
from auth.queries.sso import Access, application
from auth.schemas.sso import SsoAction
from core.access import Actor, require


def read_claims(session: Session, access: Access, actor: Actor) -> dict[str, Any]:
    """What userinfo answers. ``actor`` is the holder of the access token."""
    require(session, actor, SsoAction.READ_CLAIMS, application(access.client_id, actor))
    return claims(access.holder, access.sector, access.scopes, access.claims)
