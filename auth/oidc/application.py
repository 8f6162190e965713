"""A registered application as Authlib asks about it."""

import hmac

from authlib.oauth2.rfc6749 import ClientMixin

from auth.models import Client
from auth.schemas.sso import Scope, SigningAlgorithm
from core.crypto import token_hash

PUBLIC_METHOD = "none"
SECRET_METHODS = ("client_secret_basic", "client_secret_post")


class Application(ClientMixin):  # type: ignore[misc]
    """Exact redirect URIs, hashed secret, the code flow only."""

    def __init__(self, row: Client) -> None:
        self.row = row
        self.client_id = row.client_id
        self.id_token_signed_response_alg = SigningAlgorithm(row.algorithm).value

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

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether it is registered, character by character (RFC 9700, 2.1)."""
        return redirect_uri in self.row.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare in constant time."""
        stored = self.row.secret_hash
        return stored is not None and hmac.compare_digest(stored, token_hash(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """A public one has no secret; the others must show theirs."""
        del endpoint
        if self.row.secret_hash is None:
            return method == PUBLIC_METHOD
        return method in SECRET_METHODS

    def check_response_type(self, response_type: str) -> bool:
        """Codes only: no token ever travels through the browser's address bar."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes only."""
        return grant_type == "authorization_code"
