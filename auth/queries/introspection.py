"""What a token stands for, as its owner or the service it is shown to may know (RFC 7662)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from auth.claims import Assurance, subject
from auth.models import Account, Client, RefreshFamily, RefreshToken, SignInSession, Token
from auth.queries.sso import Registered, outlives
from core import clock
from core.crypto import token_hash

# What its application may have now, for people and by itself.
REGISTERED = func.array_cat(Client.scopes, Client.service_scopes).label("registered")


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A live token; ``account_id`` and the sign-in are None for an application's own."""

    client_id: str
    account_id: UUID | None
    scope: str
    registered: list[str]
    issued_at: datetime
    expires_at: datetime
    assurance: int | None
    authenticated_at: datetime | None
    is_refresh: bool


def introspect(session: Session, client: Registered, token: str) -> dict[str, Any]:
    """The introspection answer for ``client``: its own tokens, and of others' those whose scopes it
    guards. Anything else is told apart from nothing.
    """
    held = _find_access_token(session, token) or _find_refresh_token(session, token)
    scopes = _visible_scopes(held, client) if held else []
    if held is None or not scopes:
        return {"active": False}
    answer: dict[str, Any] = {
        "active": True,
        "client_id": held.client_id,
        "scope": " ".join(scopes),
        "iat": int(held.issued_at.timestamp()),
        "exp": int(held.expires_at.timestamp()),
    }
    if not held.is_refresh:
        answer["token_type"] = "Bearer"  # noqa: S105  a kind
    if held.account_id is not None:
        answer["sub"] = subject(client.sector, held.account_id)
    if held.assurance is not None and held.authenticated_at is not None:
        # RFC 9470, 6.2: the service may demand a surer or a newer sign-in.
        answer["acr"] = Assurance(held.assurance).acr
        answer["auth_time"] = int(held.authenticated_at.timestamp())
    return answer


def _visible_scopes(held: HeldToken, client: Registered) -> list[str]:
    scopes = [scope for scope in held.scope.split() if scope in held.registered]
    if held.client_id == client.client_id:
        return scopes
    if held.is_refresh:
        return []
    return [scope for scope in scopes if scope in client.guarded_scopes]


def _find_access_token(session: Session, token: str) -> HeldToken | None:
    query = (
        select(
            Token.client_id,
            Token.account_id,
            Token.scope,
            REGISTERED,
            Token.created_at.label("issued_at"),
            Token.expires_at,
            SignInSession.assurance,
            SignInSession.authenticated_at,
        )
        .join(Client, Client.client_id == Token.client_id)
        .outerjoin(SignInSession, SignInSession.id == Token.session_id)
        .outerjoin(RefreshFamily, RefreshFamily.id == Token.grant_id)
        .outerjoin(Account, Account.id == Token.account_id)
        .where(
            Token.token_hash == token_hash(token),
            Token.ended_at.is_(None),
            Token.expires_at > clock.now(),
            _is_live(),
        )
    )
    return _held(session, query, is_refresh=False)


def _find_refresh_token(session: Session, token: str) -> HeldToken | None:
    query = (
        select(
            RefreshFamily.client_id,
            RefreshFamily.account_id,
            RefreshFamily.scope,
            REGISTERED,
            RefreshToken.created_at.label("issued_at"),
            RefreshToken.expires_at,
            SignInSession.assurance,
            SignInSession.authenticated_at,
        )
        .join(RefreshFamily, RefreshFamily.id == RefreshToken.family_id)
        .join(Client, Client.client_id == RefreshFamily.client_id)
        .join(SignInSession, SignInSession.id == RefreshFamily.session_id)
        .join(Account, Account.id == RefreshFamily.account_id)
        .where(
            RefreshToken.token_hash == token_hash(token),
            RefreshToken.redeemed_at.is_(None),
            RefreshToken.expires_at > clock.now(),
            _is_live(),
        )
    )
    return _held(session, query, is_refresh=True)


def _is_live() -> Any:
    """Its account may sign in, its family has not ended, and its session neither, unless the family
    outlives it; each where there is one.
    """
    return and_(
        Account.disabled_at.is_(None),
        RefreshFamily.ended_at.is_(None),
        or_(SignInSession.ended_at.is_(None), outlives(RefreshFamily, Client)),
    )


def _held(session: Session, query: Any, *, is_refresh: bool) -> HeldToken | None:
    row = session.execute(query).one_or_none()
    return HeldToken(**row._mapping, is_refresh=is_refresh) if row else None
