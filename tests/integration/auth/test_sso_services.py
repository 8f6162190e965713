"""Applications' own tokens, and what introspection and revocation make of all tokens."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth.models import Account, Client
from auth.queries.applications import service_of_token
from auth.schemas import RegisterClient
from core import clock
from core.models import AuditEvent
from tests.factories.auth import make_token
from tests.factories.sso import RelyingParty, make_client, userinfo

Browser = Callable[[UUID], FlaskClient]
SECRET = "a-client-secret-of-more-than-32-characters"
SERVICE: dict[str, Any] = {
    "secret": SECRET,
    "grants": ["client_credentials"],
    "redirect_uris": [],
    "service_scopes": ["screens.read", "queues.call"],
}


def call(caller: FlaskClient, path: str, client_id: str, **given: str) -> TestResponse:
    body = {"client_id": client_id, "client_secret": SECRET, **given}
    return caller.post(f"/oauth/{path}", data=body)


def own_token(caller: FlaskClient, **given: str) -> Mapping[str, Any]:
    answer = call(caller, "token", "service", grant_type="client_credentials", **given)
    return dict(answer.get_json())


def look(caller: FlaskClient, client_id: str, token: str) -> Mapping[str, Any]:
    answer = call(caller, "introspect", client_id, token=token)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(answer.get_json())


# Services


def test_a_service_gets_a_token_of_its_own(session: Session, client: FlaskClient) -> None:
    make_client(session, "service", **SERVICE)
    tokens = own_token(client)
    assert set(tokens) == {"token_type", "access_token", "expires_in", "scope"}
    assert tokens["scope"] == "screens.read queues.call"
    assert own_token(client, scope="queues.call")["scope"] == "queues.call"
    assert own_token(client, scope="screens.write")["error"] == "invalid_scope"
    assert own_token(client, scope="openid")["error"] == "invalid_scope"
    assert userinfo(client, tokens["access_token"]).status_code == 401
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401
    event = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "auth:issue-service-token").limit(1)
    ).one()
    assert (event.account_id, event.resource_id, event.channel) == (None, "service", "oidc")


def test_others_are_no_services(session: Session, client: FlaskClient) -> None:
    make_client(session, secret=SECRET)
    make_client(session, "service", **SERVICE)
    answer = call(client, "token", "clinic", grant_type="client_credentials")
    assert answer.get_json()["error"] == "unauthorized_client"
    body = {"client_id": "service", "grant_type": "client_credentials"}
    assert client.post("/oauth/token", data=body).status_code == 401
    page = client.get(RelyingParty("service").address())
    assert page.status_code == 400
    assert page.location is None


@pytest.mark.parametrize(
    "changes",
    [
        {"public": True, "secret": None},
        {"service_scopes": []},
        {"service_scopes": ["openid"]},
        {"grants": ["authorization_code"]},
        {"scopes": ["openid", "offline_access"]},
        {"guarded_scopes": ["Screens"]},
        {"public": True},
    ],
)
def test_what_does_not_fit_together_is_not_registered(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RegisterClient.model_validate({"name": "x"} | SERVICE | changes)


# Introspection


def test_a_service_looks_up_the_tokens_that_it_guards(
    session: Session, client: FlaskClient
) -> None:
    make_client(session, "service", **SERVICE)
    make_client(session, "screens", secret=SECRET, guarded_scopes=["screens.read"])
    make_client(session, "stranger", secret=SECRET)
    token = own_token(client)["access_token"]
    seen = look(client, "screens", token)
    assert seen["active"] is True
    assert (seen["client_id"], seen["scope"]) == ("service", "screens.read")
    assert seen["exp"] - seen["iat"] == 600
    assert "sub" not in seen
    assert look(client, "service", token)["scope"] == "screens.read queues.call"
    assert look(client, "stranger", token) == {"active": False}
    assert look(client, "screens", own_token(client, scope="queues.call")["access_token"]) == {
        "active": False
    }
    with clock.shifted(timedelta(minutes=11)):
        assert look(client, "screens", token) == {"active": False}
    session.get_one(Client, "service").service_scopes = ["queues.call"]
    session.flush()
    assert look(client, "screens", token) == {"active": False}
    assert look(client, "service", token)["scope"] == "queues.call"
    assert service_of_token(session, token, "screens.read") is None
    assert service_of_token(session, token, "queues.call") is not None


def test_an_application_looks_up_its_own_tokens(
    session: Session, client: FlaskClient, signed_in: Browser, account: Account
) -> None:
    grants = ["authorization_code", "refresh_token"]
    make_client(session, secret=SECRET, grants=grants)
    make_client(session, "other", secret=SECRET)
    browser, rp = signed_in(account.id), RelyingParty()
    tokens = rp.exchange(client, rp.agree(browser), client_secret=SECRET).get_json()
    subject = rp.claims(client, tokens["id_token"])["sub"]
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    seen = look(client, "clinic", access)
    assert (seen["sub"], seen["scope"]) == (subject, "openid profile")
    assert (seen["token_type"], seen["acr"]) == ("Bearer", "urn:kangqiao:acr:3")
    assert look(client, "clinic", refresh)["sub"] == subject
    for token in (access, refresh, "unknown", make_token(session, account.id)):
        assert look(client, "other", token) == {"active": False}
    browser.post("/auth/sign-out")
    for token in (access, refresh):
        assert look(client, "clinic", token) == {"active": False}


def test_only_confidential_clients_ask(session: Session, client: FlaskClient) -> None:
    make_client(session)
    body = {"client_id": "clinic", "token": "x"}
    answer = client.post("/oauth/introspect", data=body)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
    make_client(session, "other", secret=SECRET)
    assert call(client, "introspect", "other").get_json()["error"] == "invalid_request"


# Revocation


def test_an_application_gives_its_tokens_back(
    session: Session, client: FlaskClient, signed_in: Browser, account: Account
) -> None:
    grants = ["authorization_code", "refresh_token"]
    make_client(session, grants=grants)
    make_client(session, "other", grants=grants)
    browser, rp, other = signed_in(account.id), RelyingParty(), RelyingParty("other")
    tokens = rp.tokens(client, browser)
    access, refresh = tokens["access_token"], tokens["refresh_token"]

    def revoke(client_id: str, token: str) -> TestResponse:
        body = {"client_id": client_id, "token": token, "token_type_hint": "whatever"}
        return client.post("/oauth/revoke", data=body)

    for given in (access, refresh, "unknown"):
        assert revoke("other", given).status_code == 200  # tells nothing, and ends nothing
    assert userinfo(client, access).status_code == 200
    assert revoke("clinic", access).status_code == 200
    assert userinfo(client, access).status_code == 401
    following = rp.refresh(client, refresh).get_json()
    assert revoke("clinic", following["refresh_token"]).status_code == 200
    assert userinfo(client, following["access_token"]).status_code == 401
    assert rp.refresh(client, following["refresh_token"]).status_code == 400
    assert revoke("unknown", access).get_json()["error"] == "invalid_client"
    assert other.tokens(client, browser)["refresh_token"]
