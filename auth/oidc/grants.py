"""The authorization code grant, made strict: PKCE S256 for everybody, codes used up at once."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge, create_s256_code_challenge
from authlib.oauth2.rfc7636.challenge import CODE_VERIFIER_PATTERN
from authlib.oidc.core import AuthorizationCodeMixin
from authlib.oidc.core.errors import RequestNotSupportedError, RequestURINotSupportedError
from authlib.oidc.core.grants import OpenIDCode

from auth import claims
from auth.oidc.application import PUBLIC_METHOD, SECRET_METHODS, Application
from auth.schemas.sso import SigningAlgorithm
from auth.services import sso as services
from auth.services.signing import Key, signing_key
from core import clock

PROMPTS = {"none", "login", "consent", "select_account"}
SINGLE_PARAMETERS = (
    "prompt", "max_age", "nonce", "response_mode", "code_challenge", "code_challenge_method",
)  # fmt: skip


class RedeemedCode(AuthorizationCodeMixin):  # type: ignore[misc]
    """A code that was just used up, as Authlib asks about it."""

    def __init__(self, redeemed: services.Redeemed) -> None:
        self.redeemed = redeemed

    def get_redirect_uri(self) -> str:
        """Checked when it was redeemed."""
        return self.redeemed.code.redirect_uri

    def get_scope(self) -> str:
        """What the person agreed to."""
        return self.redeemed.code.scope

    def get_nonce(self) -> str | None:
        """Given back to the application as it came."""
        return self.redeemed.code.nonce

    def get_auth_time(self) -> int:
        """When the person signed in, in seconds since 1970."""
        return int(self.redeemed.sign_in.authenticated_at.timestamp())

    def get_acr(self) -> str:
        """How sure we are."""
        return claims.Assurance(self.redeemed.sign_in.assurance).acr

    def get_amr(self) -> list[str]:
        """How the person signed in."""
        return self.redeemed.sign_in.methods


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """Codes in the database, by hash; ``server`` is a Provider."""

    TOKEN_ENDPOINT_AUTH_METHODS = (*SECRET_METHODS, PUBLIC_METHOD)

    @staticmethod
    def validate_authorization_redirect_uri(request: OAuth2Request, client: Application) -> str:
        """The redirect URI. Raises InvalidRequestError, whose text never repeats the input:
        Authlib's own does, and fails on characters that an error may not contain.
        """
        asked: str = request.payload.redirect_uri or ""
        if not client.check_redirect_uri(asked):
            raise InvalidRequestError("The redirect_uri is not registered for this client.")
        return asked

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """Called when the person agreed; ``request.user`` is the actor."""
        asked = services.Asked(
            redirect_uri=request.payload.redirect_uri,
            scope=request.scope,
            code_challenge=request.payload.data["code_challenge"],
            nonce=request.payload.data.get("nonce"),
        )
        client: Application = request.client
        services.issue_code(self.server.session, request.user, client.row, asked, code)

    def query_authorization_code(self, code: str, client: Application) -> RedeemedCode:
        """Use the code up: not to be asked for first and deleted later, as two can do at once."""
        verifier: str = self.request.form.get("code_verifier", "")
        if not CODE_VERIFIER_PATTERN.fullmatch(verifier):
            raise InvalidRequestError("Missing or malformed 'code_verifier'.")
        presented = services.Presented(
            code=code,
            client_id=client.client_id,
            redirect_uri=self.request.form.get("redirect_uri", ""),
            code_challenge=create_s256_code_challenge(verifier),
        )
        redeemed = services.redeem_code(self.server.session, presented)
        if redeemed is None:
            services.end_token_of_reused_code(self.server.session, code, client.client_id)
            raise InvalidGrantError("The code is unknown, expired, used, or not for this request.")
        return RedeemedCode(redeemed)

    def delete_authorization_code(self, authorization_code: RedeemedCode) -> None:
        """It is used up already; its row stays to notice a second use."""

    def authenticate_user(self, authorization_code: RedeemedCode) -> services.Redeemed:
        """The sign-in that the code stands for; redeeming has checked that it still holds."""
        return authorization_code.redeemed


class Pkce(CodeChallenge):  # type: ignore[misc]
    """RFC 7636 with S256 for every client, and what else must hold before anybody is asked.

    The verifier is checked where the code is redeemed.
    """

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        """Raises an OAuth2Error, which goes to the client."""
        payload = grant.request.payload
        for name in SINGLE_PARAMETERS:
            if len(payload.datalist.get(name, [])) > 1:
                raise InvalidRequestError(f"Multiple '{name}' in request.")
        if "request" in payload.data:
            raise RequestNotSupportedError()
        if "request_uri" in payload.data:
            raise RequestURINotSupportedError()
        if payload.data.get("response_mode", "query") != "query":
            raise InvalidRequestError("Only response_mode=query is supported.")
        if not set(payload.data.get("prompt", "").split()) <= PROMPTS:
            raise InvalidRequestError("Unknown 'prompt'.")
        max_age = payload.data.get("max_age", "0")
        if not (max_age.isascii() and max_age.isdigit() and len(max_age) < 10):
            raise InvalidRequestError("'max_age' is a number of seconds.")
        if payload.data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method=S256 is required.")
        if "code_challenge" not in payload.data:
            raise InvalidRequestError("Missing 'code_challenge'.")
        super().validate_code_challenge(grant, redirect_uri)

    def validate_code_verifier(self, grant: CodeGrant, result: object) -> None:
        """Done by ``query_authorization_code``, in the statement that uses the code up."""


class IdToken(OpenIDCode):  # type: ignore[misc]
    """OpenID Connect Core 1.0: the ID token says who signed in, when and how, and no more."""

    def __init__(self, provider: Any) -> None:
        super().__init__()
        self.provider = provider

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        """A nonce is the client's to check; a code works once, so the token cannot be replayed."""
        return False

    def resolve_client_private_key(self, client: Application) -> Key:
        """The key of the client's algorithm."""
        algorithm = SigningAlgorithm(client.id_token_signed_response_alg)
        return signing_key(self.provider.session, algorithm)

    def get_encode_header(self, client: Application) -> dict[str, str]:
        """Names the key, so that it can be changed."""
        kid = self.resolve_client_private_key(client).kid
        return {"alg": client.id_token_signed_response_alg, "kid": str(kid), "typ": "JWT"}

    def get_client_claims(self, client: Application) -> dict[str, Any]:
        """Issuer, audience and times, by our clock."""
        now = int(clock.now().timestamp())
        return {
            "iss": self.provider.issuer,
            "aud": client.client_id,
            "iat": now,
            "exp": now + int(services.TOKEN_LIFETIME.total_seconds()),
        }

    def get_authorization_code_claims(self, authorization_code: RedeemedCode) -> dict[str, Any]:
        """Nonce, time and way of the sign-in, and which session it was."""
        found: dict[str, Any] = super().get_authorization_code_claims(authorization_code)
        redeemed = authorization_code.redeemed
        sid = claims.session_reference(redeemed.code.client_id, redeemed.sign_in.id)
        return found | {"sid": sid}

    def generate_user_info(self, user: services.Redeemed, scope: str) -> dict[str, str]:
        """Only the subject: the rest is at userinfo, where withdrawing a consent still counts."""
        del scope
        client = self.provider.query_client(user.code.client_id)
        return {"sub": claims.subject(client.row.sector, user.account.id)}
