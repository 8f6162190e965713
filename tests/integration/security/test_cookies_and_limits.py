"""Cookies hold to this host over https; limits of routes and bodies hold for all processes."""

from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.models import Rate
from auth.services.limits import count_request, requests_left
from core import clock
from core.settings import Settings
from core.web.security import cookie_name

HOUR = timedelta(hours=1)


def test_over_https_cookies_are_held_to_this_host(app: APIFlask) -> None:
    from portal.factory import create_app

    chosen: Settings = app.config["SETTINGS"]
    secure = create_app(chosen.model_copy(update={"public_url": "https://portal.example"}))
    answer = secure.test_client().get("/auth/sign-in", base_url="https://portal.example")
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {
        "__Host-kangqiao", "__Host-kangqiao-device",
    }  # fmt: skip
    for cookie in cookies:
        assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
        assert "Domain" not in cookie


def test_the_demo_has_plain_names() -> None:
    assert cookie_name("kangqiao", secure=False) == "kangqiao"


def test_a_window_holds_so_many_calls(session: Session) -> None:
    def calls(count: int) -> list[bool]:
        return [count_request(session, "route", "address", 3, HOUR) for _ in range(count)]

    assert calls(4) == [True, True, True, False]
    assert not requests_left(session, "route", "address", 3, HOUR)
    assert requests_left(session, "route", "another", 3, HOUR)
    with clock.shifted(HOUR + timedelta(seconds=1)):
        assert requests_left(session, "route", "address", 3, HOUR)
        assert calls(1) == [True]
    assert session.scalar(select(func.count()).select_from(Rate)) == 1


@pytest.mark.parametrize("failing", [True, False])
def test_machines_are_counted_by_what_is_refused(
    client: FlaskClient, session: Session, failing: bool
) -> None:
    path = "/oauth/token" if failing else "/preferences/large-text"
    client.post(path, data={})
    assert session.scalar(select(func.count()).select_from(Rate)) == 1
    client.get("/oauth/userinfo")
    client.get("/auth/sign-in")
    assert session.scalar(select(func.count()).select_from(Rate)) == 2


def test_too_many_calls_are_told_so(
    app: APIFlask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auth.services.limits.count_request", lambda *_: False)
    assert client.post("/preferences/large-text").status_code == 429


@pytest.mark.parametrize("path", ["/auth/password", "/auth/code", "/oauth/token"])
def test_strangers_send_little(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data={"username": "x" * 70_000})
    assert answer.status_code == 413
