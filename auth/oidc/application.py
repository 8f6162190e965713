"""A registered application as Authlib asks about it."""

import hmac

from authlib.oauth2.rfc6749 import ClientMixin

from auth.queries.sso import Registered
from auth.schemas.sso import GrantType, Scope, SigningAlgorithm
from core import clock
from core.crypto import token_hash

PUBLIC_METHOD = "none"
SECRET_METHODS = ("client_secret_basic", "client_secret_post")
KEY_METHOD = "private_key_jwt"
CONFIDENTIAL_METHODS = (*SECRET_METHODS, KEY_METHOD)
ALL_METHODS = (*CONFIDENTIAL_METHODS, PUBLIC_METHOD)


class Application(ClientMixin):  # type: ignore[misc]
    """Exact redirect URIs, hashed secrets or a key of its own, the code flow only."""

    def __init__(self, row: Registered) -> None:
        self.row = row
        self.client_id = row.client_id
        self.algorithm = SigningAlgorithm(row.algorithm)

    def get_client_id(self) -> str:
        """Its name in the protocol."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: OpenID Connect wants it said each time."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """What was asked for and is registered, in our order; None without ``openid``."""
        asked = (scope or "").split()
        if Scope.OPENID not in asked:
            return None
        return " ".join(known for known in Scope if known in asked and known in self.row.scopes)

    def kept_scope(self, scope: str) -> str:
        """Of what was granted once, what is registered now."""
        return " ".join(name for name in scope.split() if name in self.row.scopes)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether it is registered, character by character (RFC 9700, 2.1)."""
        return redirect_uri in self.row.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare with the secret and, while it works, the one before; each in constant time."""
        given, row = token_hash(client_secret), self.row
        stored = [row.secret_hash]
        if row.old_secret_ends_at is not None and row.old_secret_ends_at > clock.now():
            stored.append(row.old_secret_hash)
        return any(known is not None and hmac.compare_digest(known, given) for known in stored)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Each shows what it is registered with, and nothing weaker."""
        del endpoint
        if self.row.jwks is not None:
            return method == KEY_METHOD
        if self.row.secret_hash is None:
            return method == PUBLIC_METHOD
        return method in SECRET_METHODS

    def check_response_type(self, response_type: str) -> bool:
        """Codes only: no token ever travels through the browser's address bar."""
        return response_type == "code" and self.check_grant_type(GrantType.CODE)

    def check_grant_type(self, grant_type: str) -> bool:
        """What it is registered for."""
        return grant_type in self.row.grants
