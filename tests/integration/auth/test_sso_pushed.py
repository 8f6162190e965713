"""Authorization requests that are pushed ahead (RFC 9126)."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth.jobs import forget_requests
from auth.models import Account, PushedRequest
from core import clock
from tests.factories.auth import make_account
from tests.factories.sso import ISSUER, REDIRECT_URI, RelyingParty, answer_of, make_client

Browser = Callable[[UUID], FlaskClient]
SECRET = "a-client-secret-of-more-than-32-characters"


def push(rp: RelyingParty, caller: FlaskClient, **changes: str | None) -> TestResponse:
    body = dict(parse_qsl(urlsplit(rp.address(**changes)).query))
    return caller.post("/oauth/par", data=body | {"client_secret": SECRET})


def address(rp: RelyingParty, pushed: TestResponse) -> str:
    assert pushed.status_code == 201, pushed.text
    given = {"client_id": rp.client_id, "request_uri": pushed.get_json()["request_uri"]}
    return f"/oauth/authorize?{urlencode(given)}"


@pytest.fixture
def browser(session: Session, account: Account, signed_in: Browser) -> FlaskClient:
    """A resident's browser, with an application that has to push."""
    make_client(session, secret=SECRET, require_par=True)
    return signed_in(account.id)


def test_a_pushed_request_goes_its_way_once(browser: FlaskClient, client: FlaskClient) -> None:
    rp = RelyingParty()
    pushed = push(rp, client)
    assert pushed.get_json()["expires_in"] == 60
    assert pushed.headers["Cache-Control"] == "no-store"
    page = browser.get(address(rp, pushed))
    assert "https://clinic.example" in page.headers["Content-Security-Policy"]
    assert page.status_code == 200
    back = answer_of(browser.post(address(rp, pushed), data={"decision": "agree"}))
    assert (back["state"], back["iss"]) == (rp.state, ISSUER)
    assert rp.exchange(client, back["code"], client_secret=SECRET).status_code == 200
    for answer in (
        browser.get(address(rp, pushed)),
        browser.post(address(rp, pushed), data={"decision": "agree"}),
    ):
        assert answer.status_code == 400


def test_a_public_application_pushes_little(
    session: Session, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is all that it takes, and that stands in everybody's address bar."""
    make_client(session, "public")
    module = import_module("auth.web.sso.endpoints")  # its blueprint has the name, too
    monkeypatch.setattr(module, "PUBLIC_PUSHES", 1)
    body = dict(parse_qsl(urlsplit(RelyingParty("public").address()).query))
    for status in (201, 429):
        assert client.post("/oauth/par", data=body).status_code == status
    with clock.shifted(timedelta(hours=2)):
        forget_requests()
    assert session.scalars(select(PushedRequest)).all() == []


def test_declining_uses_it_up(browser: FlaskClient, client: FlaskClient) -> None:
    rp = RelyingParty()
    pushed = push(rp, client)
    declined = answer_of(browser.post(address(rp, pushed), data={"decision": "decline"}))
    assert declined["error"] == "access_denied"
    assert browser.get(address(rp, pushed)).status_code == 400


def test_it_waits_a_minute_for_its_browser_and_longer_for_the_person(
    session: Session, client: FlaskClient, browser: FlaskClient, signed_in: Browser
) -> None:
    rp = RelyingParty()
    late, opened = push(rp, client), push(rp, client)
    assert browser.get(address(rp, opened)).status_code == 200
    elsewhere = signed_in(make_account(session).id)
    assert elsewhere.get(address(rp, opened)).status_code == 400
    with clock.shifted(timedelta(seconds=61)):
        assert browser.get(address(rp, late)).status_code == 400
        assert browser.get(address(rp, opened)).status_code == 200
    with clock.shifted(timedelta(minutes=31)):
        assert browser.get(address(rp, opened)).status_code == 400


def test_a_stranger_signs_in_in_between(
    session: Session, browser: FlaskClient, client: FlaskClient
) -> None:
    rp = RelyingParty()
    pushed = push(rp, client)
    door = client.get(address(rp, pushed))
    assert door.location.startswith("/auth/sign-in?next=")
    page = client.get(door.location)
    assert "https://clinic.example" in page.headers["Content-Security-Policy"]


def test_who_has_to_push_cannot_ask_otherwise(browser: FlaskClient) -> None:
    rp = RelyingParty()
    assert answer_of(browser.get(rp.address()))["error"] == "invalid_request"


def test_parameters_in_the_address_do_not_count(browser: FlaskClient, client: FlaskClient) -> None:
    rp = RelyingParty()
    more = urlencode({"redirect_uri": "https://evil.example/", "scope": "openid phone"})
    page = browser.get(f"{address(rp, push(rp, client))}&{more}")
    assert page.status_code == 200
    assert "手机号" not in page.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"request": "ey"}, "request_not_supported"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "request_uri_not_supported"),
        ({"claims": "[]"}, "invalid_request"),
        ({"client_id": "other"}, "invalid_client"),
    ],
)
def test_it_is_checked_when_it_comes(
    session: Session, browser: FlaskClient, client: FlaskClient, changes: Any, error: str
) -> None:
    make_client(session, "other")
    answer = push(RelyingParty(), client, **changes)
    assert answer.status_code in (400, 401)
    assert answer.get_json()["error"] == error
    assert not session.scalars(select(PushedRequest)).all()


def test_only_the_client_pushes(browser: FlaskClient, client: FlaskClient) -> None:
    body = dict(parse_qsl(urlsplit(RelyingParty().address()).query))
    assert client.post("/oauth/par", data=body).status_code == 401


def test_another_clients_and_unknown_ones_are_refused(
    session: Session, browser: FlaskClient, client: FlaskClient
) -> None:
    make_client(session, "other")
    pushed = push(RelyingParty(), client)
    for where in (
        address(RelyingParty("other"), pushed),
        "/oauth/authorize?client_id=clinic&request_uri=urn:ietf:params:oauth:request_uri:x",
        "/oauth/authorize?client_id=%00&request_uri=urn:ietf:params:oauth:request_uri:x",
    ):
        assert browser.get(where).status_code == 400
        assert browser.get("/auth/sign-in", query_string={"next": where}).status_code == 200


def test_what_was_pushed_is_sealed(
    session: Session, browser: FlaskClient, client: FlaskClient
) -> None:
    push(RelyingParty(), client, login_hint="12000000001")
    stored = session.scalars(select(PushedRequest)).one()
    assert REDIRECT_URI in stored.parameters
    raw = session.connection().exec_driver_sql("SELECT parameters FROM auth_pushed_request")
    assert b"12000000001" not in bytes(raw.scalar_one())
    assert SECRET not in stored.parameters
