"""The authorization server of one request: Authlib's, on the request's own transaction."""

import re
from collections import defaultdict
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
from flask import Response, current_app, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from auth.oidc.application import Application
from auth.oidc.grants import CodeGrant, IdToken, Pkce
from auth.queries.sso import find_client
from auth.services import sso as services
from core.access import Actor


def issuer() -> str:
    """Who we are to applications: the public address (OpenID Connect Discovery 1.0, 3)."""
    address: str = current_app.config["SETTINGS"].public_url
    return address.rstrip("/")


class Parameters(OAuth2Payload):  # type: ignore[misc]
    """What was given in the query or in the body; Authlib's own reading mixes the two."""

    def __init__(self, given: MultiDict[str, str]) -> None:
        self._given = given

    @property
    def data(self) -> MultiDict[str, str]:
        """The first value of each."""
        return self._given

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        """All values of each."""
        return defaultdict(list, self._given.lists())

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
    def form(self) -> MultiDict[str, str]:
        """What Authlib's token endpoint reads."""
        return self.payload.data


class Provider(AuthorizationServer):  # type: ignore[misc]
    """The code grant over ``given`` parameters, in the caller's transaction."""

    def __init__(self, session: Session, given: MultiDict[str, str]) -> None:
        super().__init__()
        self.session = session
        self.given = given
        self.issuer = issuer()
        self.register_grant(CodeGrant, [Pkce(), IdToken(self)])

    def query_client(self, client_id: str) -> Application | None:
        """The registered application."""
        row = find_client(self.session, client_id) if client_id.isprintable() else None
        return Application(row) if row else None

    def create_oauth2_request(self, request: object) -> Incoming:
        """Called by Authlib at each entry. Raises OAuth2Error."""
        del request  # Flask has it
        return Incoming(self.given)

    def answer(self, grant: CodeGrant, actor: Actor | None) -> Response:
        """Send the browser back to the application: with a code, or (None) with access_denied."""
        return self._to_application(
            self.create_authorization_response(grant.request, actor, grant=grant)
        )

    def refuse(self, error: OAuth2Error) -> Response | None:
        """Send the browser back with an error; None where there is nowhere safe to send it."""
        if not error.redirect_uri:
            return None
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

    def generate_token(self, grant_type: str, client: Application, **given: Any) -> dict[str, Any]:
        """The token answer. It is kept at once, by hash, together with what it was given for."""
        return {
            "token_type": "Bearer",
            "access_token": services.issue_access_token(self.session, given["user"]),
            "expires_in": int(services.TOKEN_LIFETIME.total_seconds()),
            "scope": given["scope"],
        }

    def save_token(self, token: dict[str, Any], request: Incoming) -> None:
        """``generate_token`` has kept it."""

    def _to_application(self, response: Response) -> Response:
        """Every answer names its issuer (RFC 9207); Authlib does so on success only."""
        if response.location:
            response.location = add_params_to_uri(response.location, {"iss": self.issuer})
        return response
