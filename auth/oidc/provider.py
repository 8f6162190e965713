"""The authorization server of one request: Authlib's, on the request's own transaction."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidRequestError,
    OAuth2Payload,
    OAuth2Request,
)
from authlib.oidc.core.errors import InvalidRequestURIError
from flask import Response, current_app, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from auth.oidc.application import ALL_METHODS, KEY_METHOD, Application
from auth.oidc.assertions import authenticate_by_key
from auth.oidc.grants import CodeGrant, DeviceGrant, Pkce, RefreshGrant, ServiceGrant
from auth.oidc.id_token import id_token
from auth.queries.sso import find_client
from auth.schemas.sso import GrantType, Scope
from auth.services.par import Pushed, use_request
from auth.services.refresh import open_family
from auth.services.sign_in import Origin
from auth.services.tokens import TOKEN_LIFETIME, Granted
from auth.web.identity import origin
from core.access import Actor

CHANNEL = "oidc"
PKCE = Pkce()


def issuer() -> str:
    """Who we are to applications: the public address (OpenID Connect Discovery 1.0, 3)."""
    address: str = current_app.config["SETTINGS"].public_url
    return address.rstrip("/")


class Parameters(OAuth2Payload):  # type: ignore[misc]
    """What was given in the query or in the body; Authlib's own reading mixes the two."""

    def __init__(self, given: MultiDict[str, str]) -> None:
        # Once, and plain: a MultiDict raises and catches an exception for each name that is absent.
        self._data = given.to_dict()
        self._datalist = defaultdict(list, given.lists())

    @property
    def data(self) -> dict[str, str]:
        """The first value of each."""
        return self._data

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        """All values of each."""
        return self._datalist

    @property
    def response_type(self) -> str:
        """Empty if it is none at all: Authlib repeats it in an error and fails where it may not
        stand there.
        """
        given: str = super().response_type or ""
        return given if re.fullmatch(r"[\w ]*", given, re.ASCII) else ""


class Incoming(OAuth2Request):  # type: ignore[misc]
    """The present request under our public address, as a proxy may have ended TLS.

    Raises OAuth2Error for what Authlib or the database would stumble over.
    """

    def __init__(self, given: MultiDict[str, str]) -> None:
        super().__init__(request.method, issuer() + request.path, headers=request.headers)
        self.payload = Parameters(given)
        scheme = request.headers.get("Authorization", "").partition(" ")[0]
        if scheme.lower() == "basic" and request.authorization is None:
            raise InvalidClientError(status_code=401, description="Malformed Authorization header.")
        if not all(value.isprintable() for value in given.values()):
            raise InvalidRequestError("A parameter contains control characters.")

    @property
    def form(self) -> dict[str, str]:
        """What Authlib's token endpoint reads."""
        data: dict[str, str] = self.payload.data
        return data


class Provider(AuthorizationServer):  # type: ignore[misc]
    """The grants over ``given`` parameters, in the caller's transaction. ``pushed`` is the pushed
    request that the parameters are from.
    """

    def __init__(
        self, session: Session, given: MultiDict[str, str], pushed: Pushed | None = None
    ) -> None:
        super().__init__()
        self.session = session
        self.given = MultiDict(pushed.parameters) if pushed else given
        self.pushed = pushed
        self.issuer = issuer()
        self.register_grant(CodeGrant, [PKCE])
        for grant in (RefreshGrant, ServiceGrant, DeviceGrant):
            self.register_grant(grant)
        self.register_client_auth_method(KEY_METHOD, authenticate_by_key(session, self.names))

    def names(self) -> set[str]:
        """What an assertion may call us (RFC 7523, 3): the issuer, the token endpoint, or the one
        that it is shown at.
        """
        return {self.issuer + path for path in ("", url_for("oidc.token"), request.path)}

    @property
    def origin(self) -> Origin:
        """Where the call comes from, for the audit."""
        return origin(CHANNEL)

    def query_client(self, client_id: str) -> Application | None:
        """The registered application."""
        row = find_client(self.session, client_id) if client_id.isprintable() else None
        return Application(row) if row else None

    def create_oauth2_request(self, request: object) -> Incoming:
        """Called by Authlib at each entry. Raises OAuth2Error."""
        del request  # Flask has it
        return Incoming(self.given)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def authenticated(self, methods: Sequence[str] = ALL_METHODS) -> Application:
        """Who calls, at an endpoint that is no grant. Raises OAuth2Error."""
        client: Application = self.authenticate_client(Incoming(self.given), methods)
        return client

    def check_authorization_request(self) -> None:
        """As the authorization endpoint would, before anybody is asked. Raises OAuth2Error."""
        incoming = Incoming(self.given)
        grant = self.get_authorization_grant(incoming)
        grant.validate_no_multiple_request_parameter(incoming)
        grant.validate_authorization_request()

    def answer(self, grant: CodeGrant, actor: Actor | None) -> Response:
        """Send the browser back to the application: with a code, or (None) with access_denied.

        Raises InvalidRequestURIError where a pushed request was answered already.
        """
        if self.pushed and not use_request(self.session, self.pushed.id):
            raise InvalidRequestURIError()
        # The grant has validated the request; Authlib's own way would do it once more.
        answer = grant.create_authorization_response(grant.redirect_uri, actor)
        return self._to_application(self.handle_response(*answer))

    def refuse(self, error: OAuth2Error) -> Response | None:
        """Send the browser back with an error; None where there is nowhere safe to send it."""
        if not error.redirect_uri:
            return None
        if self.pushed:
            use_request(self.session, self.pushed.id)
        error.state = self.given.get("state")
        return self._to_application(self.handle_error_response(None, error))

    def exchange(self) -> Response:
        """Answer the token endpoint, errors included (RFC 6749, 5.2)."""
        response: Response
        try:
            response = self.create_token_response()
        except OAuth2Error as error:
            response = self.handle_error_response(None, error)
        return response

    def first_tokens(self, client: Application, granted: Granted) -> dict[str, Any]:
        """The answer to a code: with a refresh token where the application may have one."""
        granted = replace(granted, scope=client.kept_scope(granted.scope))
        if client.check_grant_type(GrantType.REFRESH):
            granted = replace(granted, refresh_token=open_family(self.session, granted))
        return self.tokens(client, granted)

    def tokens(self, client: Application, granted: Granted) -> dict[str, Any]:
        """The answer of the token endpoint (RFC 6749, 5.1; Core 1.0, 3.1.3.3), which promises no
        scope that was taken from the application meanwhile.
        """
        answer = self.bearer(granted.access_token, client.kept_scope(granted.scope))
        if granted.refresh_token:
            answer["refresh_token"] = granted.refresh_token
        if Scope.OPENID in granted.scopes:
            answer["id_token"] = id_token(self.session, self.issuer, client, granted)
        return answer

    def bearer(self, token: str, scope: str) -> dict[str, Any]:
        """An access token as it is answered."""
        lifetime = int(TOKEN_LIFETIME.total_seconds())
        return {
            "token_type": "Bearer", "access_token": token, "expires_in": lifetime, "scope": scope
        }  # fmt: skip

    def _to_application(self, response: Response) -> Response:
        """Every answer names its issuer (RFC 9207); Authlib does so on success only."""
        if response.location:
            response.location = add_params_to_uri(response.location, {"iss": self.issuer})
        return response
