"""Applications, and one that signs people in step by step for tests."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth.schemas import NewClient, RegisterClient
from auth.services.clients import create_client

REDIRECT_URI = "https://clinic.example/callback"
SIGNED_OUT_URI = "https://clinic.example/signed-out"
ISSUER = "http://127.0.0.1:8000"


def make_client(session: Session, client_id: str = "clinic", **values: Any) -> NewClient:
    """A registered application; public unless it is given a secret or keys, or ``public=False``."""
    given = {
        "client_id": client_id,
        "name": "示例诊所",
        "redirect_uris": [REDIRECT_URI],
        "post_logout_redirect_uris": [SIGNED_OUT_URI],
        "scopes": ["openid", "profile", "phone", "roles"],
        "public": not {"secret", "jwks"} & values.keys(),
    }
    return create_client(session, RegisterClient.model_validate(given | values))


def answer_of(response: TestResponse) -> dict[str, str]:
    """The parameters with which the browser was sent back to the application."""
    assert response.status_code == 302, response.text
    assert response.location.startswith(f"{REDIRECT_URI}?"), response.location
    return dict(parse_qsl(urlsplit(response.location).query, keep_blank_values=True))


@dataclass
class RelyingParty:
    """The application's side of one sign-in."""

    client_id: str = "clinic"
    scope: str = "openid profile"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def address(self, **changes: str | None) -> str:
        """The authorization request; None leaves a parameter out."""
        given: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": self.scope,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        given |= changes
        query = {name: value for name, value in given.items() if value is not None}
        return f"/oauth/authorize?{urlencode(query)}"

    def agree(self, browser: FlaskClient, **changes: str | None) -> str:
        """The person agrees; gives the code."""
        response = browser.post(self.address(**changes), data={"decision": "agree"})
        return answer_of(response)["code"]

    def exchange(
        self,
        caller: FlaskClient,
        code: str,
        headers: Mapping[str, str] | None = None,
        /,
        **changes: str,
    ) -> TestResponse:
        """Redeem the code; ``changes`` replace what is right."""
        body = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": self.verifier,
        }
        return caller.post("/oauth/token", data=body | changes, headers=headers or {})

    def tokens(self, caller: FlaskClient, browser: FlaskClient) -> dict[str, Any]:
        """The whole way of a person who agrees."""
        answer = self.exchange(caller, self.agree(browser))
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    def refresh(self, caller: FlaskClient, token: str, **changes: str) -> TestResponse:
        """Redeem a refresh token."""
        body = {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": token}
        return caller.post("/oauth/token", data=body | changes)

    def claims(self, caller: FlaskClient, id_token: str) -> dict[str, Any]:
        """The ID token's claims, its signature checked with the published keys."""
        keys = KeySet.import_key_set(caller.get("/.well-known/jwks.json").get_json())
        return dict(jwt.decode(id_token, keys, algorithms=["ES256", "RS256"]).claims)


def userinfo(caller: FlaskClient, access_token: str) -> TestResponse:
    """What the access token opens."""
    headers = {"Authorization": f"Bearer {access_token}"}
    return caller.get("/oauth/userinfo", headers=headers)
