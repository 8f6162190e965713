"""Kiosks and wall screens that somebody lets in by a code (RFC 8628)."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth.models import Account, Client, Consent, DeviceRequest, SignInSession
from auth.services import device as device_service
from auth.services.device import get_waiting_device, let_device_in
from auth.web.route_limits import RouteCounter
from auth.web.sso import device as device_pages
from core import clock
from core.access import Actor
from core.database import transaction
from core.web.limits import LIMIT, By, Limit
from tests.factories.auth import make_account, open_browser_session
from tests.factories.sso import ISSUER, RelyingParty, make_client, userinfo

Browser = Callable[[UUID], FlaskClient]
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
KIOSK: dict[str, Any] = {
    "name": "一楼自助机", "grants": [GRANT, "refresh_token"], "redirect_uris": [],
    "scopes": ["openid", "profile", "offline_access"],
}  # fmt: skip


@pytest.fixture
def browser(session: Session, account: Account, signed_in: Browser) -> FlaskClient:
    """A resident's browser, with a kiosk registered."""
    make_client(session, "kiosk", **KIOSK)
    return signed_in(account.id)


def begin(caller: FlaskClient, scope: str = "openid profile") -> Mapping[str, Any]:
    answer = caller.post("/oauth/device", data={"client_id": "kiosk", "scope": scope})
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def poll(caller: FlaskClient, codes: Mapping[str, Any], client_id: str = "kiosk") -> TestResponse:
    body = {"grant_type": GRANT, "client_id": client_id, "device_code": codes["device_code"]}
    return caller.post("/oauth/token", data=body)


def decide(browser: FlaskClient, codes: Mapping[str, Any], decision: str = "agree") -> TestResponse:
    form = {"user_code": codes["user_code"], "decision": decision}
    return browser.post("/device/decision", data=form)


def test_somebody_lets_a_kiosk_in(
    browser: FlaskClient,
    client: FlaskClient,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: list[str] = []
    count = RouteCounter.count

    def counting(self: RouteCounter, kind: str, whose: str, limit: Limit) -> int:
        if kind.startswith("oidc."):
            counted.append(kind)
        return count(self, kind, whose, limit)

    monkeypatch.setattr(RouteCounter, "count", counting)
    codes = begin(client)
    assert re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", codes["user_code"])
    assert (codes["expires_in"], codes["interval"]) == (600, 5)
    assert codes["verification_uri"] == f"{ISSUER}/device"
    for told in ("authorization_pending", "slow_down"):
        assert poll(client, codes).get_json()["error"] == told
    # Waiting is no refusal: a hall of kiosks behind one address locks nobody out of the endpoint.
    assert "oidc.token" not in counted
    assert poll(client, {"device_code": "no such"}).status_code == 400
    assert counted == ["oidc.device_authorization", "oidc.token"]
    where = codes["verification_uri_complete"].removeprefix(ISSUER)
    assert codes["user_code"] in browser.get(where).text
    typed = codes["user_code"].lower().replace("-", " ")
    page = browser.post("/device", data={"user_code": typed})
    for text in ("一楼自助机", account.display_name):
        assert text in page.text
    assert decide(browser, codes).status_code == 303
    answer = poll(client, codes)
    assert answer.status_code == 200, answer.text
    tokens = answer.get_json()
    rp = RelyingParty("kiosk")
    claims = rp.claims(client, tokens["id_token"])
    assert (claims["aud"], claims["iss"]) == ("kiosk", ISSUER)
    told = userinfo(client, tokens["access_token"]).get_json()
    assert told == {"sub": claims["sub"], "name": account.display_name}
    assert poll(client, codes).get_json()["error"] == "invalid_grant"
    assert rp.refresh(client, tokens["refresh_token"]).status_code == 200
    assert "一楼自助机" in browser.get("/auth/applications").text


def test_signing_out_signs_the_kiosk_out(browser: FlaskClient, client: FlaskClient) -> None:
    codes, approved = begin(client), begin(client)
    decide(browser, codes)
    decide(browser, approved)
    tokens = poll(client, codes).get_json()
    browser.post("/auth/sign-out")
    assert userinfo(client, tokens["access_token"]).status_code == 401
    assert RelyingParty("kiosk").refresh(client, tokens["refresh_token"]).status_code == 400
    assert poll(client, approved).get_json()["error"] == "authorization_pending"


def test_a_wall_screen_may_stay(browser: FlaskClient, client: FlaskClient) -> None:
    codes = begin(client, "openid offline_access")
    assert "您退出登录以后" in browser.post("/device", data={"user_code": codes["user_code"]}).text
    decide(browser, codes)
    tokens = poll(client, codes).get_json()
    browser.post("/auth/sign-out")
    assert RelyingParty("kiosk").refresh(client, tokens["refresh_token"]).status_code == 200


def test_declining_and_time_end_the_waiting(browser: FlaskClient, client: FlaskClient) -> None:
    declined, forgotten = begin(client), begin(client)
    assert decide(browser, declined, "decline").status_code == 303
    assert poll(client, declined).get_json()["error"] == "access_denied"
    assert decide(browser, declined).status_code == 422
    with clock.shifted(timedelta(minutes=11)):
        assert poll(client, forgotten).get_json()["error"] == "expired_token"
        assert decide(browser, forgotten).status_code == 422


def test_a_hasty_device_waits_longer(browser: FlaskClient, client: FlaskClient) -> None:
    codes = begin(client)
    assert poll(client, codes).get_json()["error"] == "authorization_pending"
    assert poll(client, codes).get_json()["error"] == "slow_down"
    with clock.shifted(timedelta(seconds=6)):
        assert poll(client, codes).get_json()["error"] == "slow_down"  # ten by now
    with clock.shifted(timedelta(seconds=22)):
        assert poll(client, codes).get_json()["error"] == "authorization_pending"


def test_codes_are_neither_guessed_nor_taken(
    session: Session, browser: FlaskClient, client: FlaskClient
) -> None:
    make_client(session, "other", **KIOSK)
    codes = begin(client)
    assert poll(client, codes, "other").get_json()["error"] == "invalid_grant"
    assert poll(client, {"device_code": "unknown"}).get_json()["error"] == "invalid_grant"
    stored = session.scalars(select(DeviceRequest)).one()
    letters = codes["user_code"].replace("-", "").encode()
    assert letters not in stored.user_code_index
    for path in ("/device", "/device/decision") * 5:
        assert browser.post(path, data={"user_code": "BBBB-BBBB"}).status_code == 422
    assert decide(browser, codes).status_code == 429
    assert browser.post("/device", data={"user_code": codes["user_code"]}).status_code == 429


def test_of_two_who_decide_at_once_the_second_is_told_so(
    session: Session,
    browser: FlaskClient,
    client: FlaskClient,
    signed_in: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = begin(client)
    stale = get_waiting_device(session, codes["user_code"])
    assert decide(browser, codes).status_code == 303
    for module in (device_service, device_pages):
        monkeypatch.setattr(module, "get_waiting_device", lambda *_: stale)
    late = make_account(session)
    answer = decide(signed_in(late.id), codes)
    assert (answer.status_code, "刚才已有人" in answer.text) == (409, True)
    assert not session.scalars(select(Consent).where(Consent.account_id == late.id)).all()


def test_what_applications_send_unproved_is_counted_and_small(
    app: APIFlask, session: Session, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By application and address, and answered as their libraries read it."""
    for name in ("kiosk", "second"):
        make_client(session, name, **KIOSK)
    few = Limit(2, timedelta(minutes=5), By.APPLICATION)
    view = app.view_functions["oidc.device_authorization"]
    monkeypatch.setattr(view, LIMIT, few)
    for status in (200, 200, 429):
        answer = client.post("/oauth/device", data={"client_id": "kiosk", "scope": "openid"})
        assert answer.status_code == status
    assert answer.get_json()["error"] == "temporarily_unavailable"
    assert (
        client.post("/oauth/device", data={"client_id": "second", "scope": "x"}).status_code == 400
    )
    for path in ("/oauth/device", "/oauth/par", "/oauth/token"):
        large = client.post(path, data={"client_id": "kiosk", "state": "x" * 70_000})
        assert (large.status_code, large.get_json()["error"]) == (413, "invalid_request")


def test_only_devices_begin(session: Session, browser: FlaskClient, client: FlaskClient) -> None:
    make_client(session)
    answer = client.post("/oauth/device", data={"client_id": "clinic", "scope": "openid"})
    assert answer.get_json()["error"] == "unauthorized_client"
    answer = client.post("/oauth/device", data={"client_id": "kiosk", "scope": "profile"})
    assert answer.get_json()["error"] == "invalid_scope"
    assert client.get("/device").location.startswith("/auth/sign-in")


def test_withdrawing_turns_a_waiting_device_away(browser: FlaskClient, client: FlaskClient) -> None:
    codes = begin(client)
    decide(browser, codes)
    browser.post("/auth/applications/withdraw", data={"client_id": "kiosk"})
    assert poll(client, codes).get_json()["error"] == "expired_token"


def test_of_twenty_at_once_one_gets_the_tokens(app: APIFlask, committed_database: Engine) -> None:
    with transaction() as session:
        make_client(session, "kiosk", **KIOSK)
        account_id = make_account(session).id
        open_browser_session(session, account_id)
        session.flush()
        session_id = session.scalars(select(SignInSession.id)).one()
    codes = begin(app.test_client())
    with transaction() as session:
        assert session.get_one(Client, "kiosk")
        let_device_in(session, Actor(account_id, session_id=session_id), codes["user_code"])
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: poll(app.test_client(), codes), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
