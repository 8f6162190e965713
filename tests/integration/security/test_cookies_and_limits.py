"""Cookies hold to this host over https; limits of routes and bodies hold for all processes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.models import Rate
from auth.services import door
from auth.services.limits import count_requests, wait_for_request
from core import clock
from core.settings import Settings
from core.web import limits
from core.web.limits import By, Limit, Shares
from core.web.security import cookie_name
from tests.factories.auth import make_account

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
        return [count_requests(session, "route", "address", 3, HOUR) == 0 for _ in range(count)]

    assert calls(4) == [True, True, True, False]
    assert 3590 <= wait_for_request(session, "route", "address", 3, HOUR) <= 3600
    assert wait_for_request(session, "route", "another", 3, HOUR) == 0
    with clock.shifted(HOUR + timedelta(seconds=1)):
        assert wait_for_request(session, "route", "address", 3, HOUR) == 0
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
    monkeypatch.setattr("auth.services.limits.count_requests", lambda *_: 42)
    answer = client.post("/preferences/large-text")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "42")


class Heard:
    """All processes' counter, which tells what it heard."""

    def __init__(self, wait: int = 0) -> None:
        self.wait, self.shares = wait, 0

    def count(self, kind: str, whose: str, limit: Limit) -> int:
        self.shares += 1
        return self.wait

    def left(self, kind: str, whose: str, limit: Limit) -> int:
        raise AssertionError("no refusals are counted here")


def test_a_process_tells_the_others_by_shares() -> None:
    limit, heard, shares = Limit(6, HOUR, By.ACCOUNT, share=3), Heard(), Shares()
    waits = [shares.count("route", "account", limit, heard) for _ in range(9)]
    assert waits[:6] == [0] * 6
    assert all(3590 <= wait <= 3600 for wait in waits[6:])
    assert heard.shares == 2  # who is refused costs no statement either
    assert shares.count("route", "another", limit, heard) == 0
    with clock.shifted(HOUR):
        assert shares.count("route", "account", limit, heard) == 0


def test_what_others_counted_shuts_this_process_too() -> None:
    limit, heard, shares = Limit(6, HOUR, By.ACCOUNT, share=3), Heard(wait=60), Shares()
    waits = [shares.count("route", "account", limit, heard) for _ in range(4)]
    assert waits == [0, 0, 60, 60]
    assert heard.shares == 1
    with clock.shifted(3 * HOUR):  # two windows later nobody is remembered
        shares.count("route", "another", limit, heard)
        with clock.shifted(HOUR):
            shares.count("route", "another", limit, heard)
    assert "account" not in str(shares._kept)


def test_who_is_signed_in_writes_and_exports_so_often(
    app: APIFlask,
    client: FlaskClient,
    session: Session,
    signed_in: Callable[[UUID], FlaskClient],
    bearer: Callable[[UUID], dict[str, str]],
    count_statements: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "WRITES", replace(limits.WRITES, most=2, share=2))
    monkeypatch.setattr(limits, "_shares", Shares())
    resident = make_account(session).id
    browser = signed_in(resident)
    with count_statements() as counted:
        for _ in range(2):
            assert browser.post("/auth/role").status_code == 422
    assert sum("INTO auth_rate" in each for each in counted.statements) == 1
    page = browser.post("/auth/role")
    assert (page.status_code, page.mimetype) == (429, "text/html")
    assert "操作太频繁" in page.text
    assert 0 < int(page.headers["Retry-After"]) <= 60
    # Another account at the same address goes on.
    assert signed_in(make_account(session).id).post("/auth/role").status_code == 422
    for _ in range(3):
        answer = client.delete("/api/v1/auth/consents/none", headers=bearer(resident))
    assert (answer.status_code, answer.mimetype) == (429, "application/problem+json")
    assert answer.get_json()["code"] == "too_many"
    assert 0 < int(answer.headers["Retry-After"]) <= 60


@pytest.mark.parametrize("path", ["/auth/password", "/auth/code", "/oauth/token"])
def test_strangers_send_little(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data={"username": "x" * 70_000})
    assert answer.status_code == 413


def test_who_has_a_network_of_addresses_is_counted_once(
    app: APIFlask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the tries of the front door as by the routes."""
    monkeypatch.setattr(door, "PASSWORD_TRIES_PER_ADDRESS", 3)

    def guess(number: int, network: str = "2001:db8:0:1") -> int:
        where = {"REMOTE_ADDR": f"{network}::{number:x}"}
        form = {"username": f"name{number}", "password": "a wrong password"}
        door_page = app.test_client().post("/auth/password", data=form, environ_base=where)
        return door_page.status_code

    assert [guess(number) for number in range(1, 5)] == [422, 422, 422, 429]
    assert session.scalar(select(func.count()).select_from(Rate)) == 1
    assert guess(1, "2001:db8:0:2") == 422
    assert session.scalar(select(func.count()).select_from(Rate)) == 2
