"""The ways to tokens, made strict: PKCE S256 for everybody, and whatever is given is used up by
the statement that makes the token of it.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    BaseGrant,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Request,
    TokenEndpointMixin,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.errors import AccessDeniedError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge, create_s256_code_challenge
from authlib.oauth2.rfc7636.challenge import CODE_VERIFIER_PATTERN
from authlib.oauth2.rfc8628 import AuthorizationPendingError, ExpiredTokenError, SlowDownError
from authlib.oidc.core.errors import RequestNotSupportedError, RequestURINotSupportedError
from authlib.oidc.core.grants.util import validate_request_prompt

from auth.oidc.application import ALL_METHODS, Application
from auth.oidc.demands import check_demands, wanted_claims
from auth.schemas.sso import GrantType
from auth.services import authorization_codes as codes
from auth.services import device, refresh
from auth.services.tokens import Granted, issue_service_token

Answer = tuple[int, dict[str, Any], list[tuple[str, str]]]


class TokenGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """One way to tokens at the token endpoint; ``server`` is a Provider."""

    TOKEN_ENDPOINT_AUTH_METHODS = ALL_METHODS

    def validate_token_request(self) -> None:
        """Raises OAuth2Error unless the client is known and registered for this way."""
        client: Application = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("The client is not registered for this grant_type.")
        self.request.client = client

    def create_token_response(self) -> Answer:
        """The token answer (RFC 6749, 5.1)."""
        client: Application = self.request.client
        return 200, self.token_answer(client), self.TOKEN_RESPONSE_HEADER

    def token_answer(self, client: Application) -> dict[str, Any]:
        """Its body. Raises OAuth2Error."""
        raise NotImplementedError

    def given(self, name: str) -> str:
        """A parameter that has to be there."""
        value: str | None = self.request.form.get(name)
        if not value:
            raise InvalidRequestError(f"Missing '{name}' in request.")
        return value


class CodeGrant(TokenGrant, AuthorizationCodeGrant):  # type: ignore[misc]
    """Codes in the database, by hash."""

    GRANT_TYPE = GrantType.CODE

    def __init__(self, request: OAuth2Request, server: Any) -> None:
        super().__init__(request, server)
        self.register_hook("after_validate_consent_request", validate_request_prompt)

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: Application) -> str:
        """The redirect URI. Raises InvalidRequestError, whose text never repeats the input:
        Authlib's own does, and fails on characters that an error may not contain.
        """
        asked: str = request.payload.redirect_uri or ""
        if not client.check_redirect_uri(asked):
            raise InvalidRequestError("The redirect_uri is not registered for this client.")
        return asked

    def generate_authorization_code(self) -> str:
        """256 random bits."""
        return secrets.token_urlsafe(32)

    @property
    def claims(self) -> dict[str, list[str]]:
        """The claims that the request asks for one by one."""
        return wanted_claims(self.request.payload, self.request.client.row.scopes)

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """Called when the person agreed; ``request.user`` is the actor."""
        asked = codes.Asked(
            redirect_uri=request.payload.redirect_uri,
            scope=request.scope,
            code_challenge=request.payload.data["code_challenge"],
            nonce=request.payload.data.get("nonce"),
            claims=self.claims,
        )
        client_id: str = request.client.client_id
        codes.issue_code(self.server.session, request.user, client_id, asked, code)

    def token_answer(self, client: Application) -> dict[str, Any]:
        """Tokens for a code. One that comes twice ends what it gave."""
        verifier: str = self.request.form.get("code_verifier", "")
        if not CODE_VERIFIER_PATTERN.fullmatch(verifier):
            raise InvalidRequestError("Missing or malformed 'code_verifier'.")
        presented = codes.Presented(
            code=self.given("code"),
            client_id=client.client_id,
            redirect_uri=self.request.form.get("redirect_uri", ""),
            code_challenge=create_s256_code_challenge(verifier),
        )
        session = self.server.session
        granted = codes.redeem_code(session, presented)
        if granted is None:
            codes.end_grant_of_reused_code(session, presented.code, client.client_id)
            raise InvalidGrantError("The code is unknown, expired, used, or not for this request.")
        return self.server.first_tokens(client, granted)  # type: ignore[no-any-return]


class Pkce(CodeChallenge):  # type: ignore[misc]
    """RFC 7636 with S256 for every client, and what else must hold before anybody is asked.

    The verifier is checked where the code is redeemed.
    """

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def __call__(self, grant: CodeGrant) -> None:
        """Only the authorization request needs a look."""
        grant.register_hook(
            "after_validate_authorization_request_payload", self.validate_code_challenge
        )

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        """Raises an OAuth2Error, which goes to the client."""
        payload = grant.request.payload
        if "request" in payload.data:
            raise RequestNotSupportedError()
        if "request_uri" in payload.data:
            raise RequestURINotSupportedError()
        if grant.request.client.row.require_par and not grant.server.pushed:
            raise InvalidRequestError("The client is registered to push its requests (RFC 9126).")
        check_demands(payload)
        if payload.data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method=S256 is required.")
        if "code_challenge" not in payload.data:
            raise InvalidRequestError("Missing 'code_challenge'.")
        super().validate_code_challenge(grant, redirect_uri)


class RefreshGrant(TokenGrant):
    """RFC 6749, 6, with rotation for all clients (RFC 9700, 2.2.2)."""

    GRANT_TYPE = GrantType.REFRESH

    def token_answer(self, client: Application) -> dict[str, Any]:
        """The next tokens. A refresh token that comes twice ends its family."""
        token, session = self.given("refresh_token"), self.server.session
        narrower: str | None = self.request.form.get("scope") or None
        if narrower is not None:
            held = refresh.scopes_of(session, token, client.client_id)
            if held and not set(narrower.split()) <= set(held) & set(client.row.scopes):
                raise InvalidScopeError()
        granted = refresh.rotate(session, token, client.client_id, narrower)
        if granted is None:
            refresh.end_family_of_reused(session, token, client.client_id)
            raise InvalidGrantError("The refresh token is unknown, expired, used, or ended.")
        return self.server.tokens(client, granted)  # type: ignore[no-any-return]


class ServiceGrant(TokenGrant):
    """RFC 6749, 4.4: an application's own token, with the rights it is registered for."""

    GRANT_TYPE = GrantType.SERVICE

    def token_answer(self, client: Application) -> dict[str, Any]:
        """A token without a person and without a refresh token."""
        registered = client.row.service_scopes
        asked: Sequence[str] = self.request.form.get("scope", "").split() or registered
        if not set(asked) <= set(registered):
            raise InvalidScopeError()
        scope = " ".join(name for name in registered if name in asked)
        token = issue_service_token(
            self.server.session, client.client_id, scope, self.server.origin
        )
        return self.server.bearer(token, scope)  # type: ignore[no-any-return]


class DeviceGrant(TokenGrant):
    """RFC 8628, 3.4: a device asks until somebody has let it in."""

    GRANT_TYPE = GrantType.DEVICE

    def token_answer(self, client: Application) -> dict[str, Any]:
        """Tokens once; until then the error that tells the device what to do."""
        code = self.given("device_code")
        outcome = device.redeem_device_code(self.server.session, code, client.client_id)
        if isinstance(outcome, Granted):
            return self.server.first_tokens(client, outcome)  # type: ignore[no-any-return]
        raise WAITING[outcome]()


WAITING: dict[device.Waiting, type[OAuth2Error]] = {
    device.Waiting.PENDING: AuthorizationPendingError,
    device.Waiting.TOO_FAST: SlowDownError,
    device.Waiting.DECLINED: AccessDeniedError,
    device.Waiting.EXPIRED: ExpiredTokenError,
    device.Waiting.UNKNOWN: InvalidGrantError,
}
