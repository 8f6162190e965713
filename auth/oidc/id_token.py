"""ID tokens: who signed in, when and how, and no more than was asked for (Core 1.0, 2)."""

import base64
import hashlib
from typing import Any

from joserfc import jwt
from sqlalchemy.orm import Session

from auth import claims
from auth.oidc.application import Application
from auth.queries.sso import claims_holder
from auth.services.signing import signing_key
from auth.services.tokens import TOKEN_LIFETIME, Granted
from core import clock


def id_token(session: Session, issuer: str, client: Application, granted: Granted) -> str:
    """The signed token. What scopes stand for is at userinfo, where withdrawing a consent still
    counts; here is only what was asked for by name.
    """
    now = int(clock.now().timestamp())
    told: dict[str, Any] = {"sub": claims.subject(client.row.sector, granted.account_id)}
    if names := claims.kept_claims(granted.claims, "id_token", client.row.scopes):
        holder = claims_holder(session, granted.account_id)
        told = claims.claims(holder, client.row.sector, (), names)
    if granted.nonce:
        told["nonce"] = granted.nonce
    body = told | {
        "iss": issuer,
        "aud": client.client_id,
        "iat": now,
        "exp": now + int(TOKEN_LIFETIME.total_seconds()),
        "auth_time": int(granted.authenticated_at.timestamp()),
        "acr": claims.Assurance(granted.assurance).acr,
        "amr": list(granted.methods),
        "sid": claims.session_reference(client.client_id, granted.session_id),
        "at_hash": _half_hash(granted.access_token),
    }
    key = signing_key(session, client.algorithm)
    header = {"alg": client.algorithm.value, "kid": str(key.kid), "typ": "JWT"}
    return jwt.encode(header, body, key, [client.algorithm.value])


def _half_hash(token: str) -> str:
    """The left half of its SHA-256, as both of our algorithms hash (Core 1.0, 3.1.3.6)."""
    half = hashlib.sha256(token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
