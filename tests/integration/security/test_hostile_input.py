"""Input that nobody types: refused or shown harmlessly, and never a crash."""

import base64
import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import create_environ, run_wsgi_app

from auth.services import door
from core.settings import Settings
from core.web.logs import trace
from portal import factory
from residents.ports import IdentityVerifier, Verdict
from residents.services.identity import CHECKS_PER_DAY
from tests.factories.auth import make_account, make_phone
from tests.factories.residents import make_id_number
from tests.integration.security.world import Side, make_sides

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Bearer = Callable[[UUID], dict[str, str]]
Browser = Callable[[UUID], FlaskClient]
SCRIPT = "<script>alert(1)</script>"
# What a link can carry that ``url_for`` would take for its own.
LINKS = ["endpoint=x", "_scheme=javascript&_external=1", "_method=POST", "_anchor=x", "team_id=zz"]


def cursor(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


ZERO = str(UUID(int=0))
CURSORS = [
    cursor("\x00", ZERO),
    cursor("\ud800", ZERO),
    cursor("0001-01-01T00:00:00+14:00", ZERO),
    cursor("9999-12-31T23:59:59-14:00", ZERO),
    cursor("2026-01-01T00:00:00", "x", "9" * 300, ZERO),
    cursor({"a": 1}, ZERO),
    base64.urlsafe_b64encode(b"[" * 400).decode(),
    "%00",
    "x" * 10_000,
]


@pytest.fixture
def side(session: Session) -> Side:
    return make_sides(session)[0]


LISTS = {
    "resident": ["/appointments/bookings", "/packs/mine", "/packs/mine/orders", "/messages/"],
    "leader": ["/family-doctor/panel", "/family-doctor/today", "/service-records/"],
    "nurse": ["/service-records/new"],
    "registrar": ["/appointments/day-list"],
    "administrator": [
        "/admin/accounts/",
        "/admin/institutions/",
        "/admin/departments/",
        "/admin/staff/",
        "/admin/teams/",
    ],
    "analyst": ["/statistics/"],
}
PUBLIC = ["/appointments/", "/family-doctor/", "/packs/", "/auth/sign-in"]
EVERYWHERE = [*PUBLIC, *(path for paths in LISTS.values() for path in paths)]
QUERIES = [
    "search=%00",
    "search=%25%5F%27",
    "search=" + "x" * 10_000,
    "limit=-1",
    "limit=" + "9" * 5_000,
    "date=0001-01-01",
    "date=9999-12-31",
    "group=%00",
    "lang=%00",
    "period=2000-01",
    *LINKS,
    *(f"cursor={value}" for value in CURSORS),
]


def browser_for(path: str, side: Side, signed_in: Browser, client: FlaskClient) -> FlaskClient:
    for role, paths in LISTS.items():
        if path in paths:
            return signed_in(side.accounts[role])
    return client


@pytest.mark.parametrize("path", EVERYWHERE)
def test_no_query_breaks_a_page(
    client: FlaskClient, side: Side, signed_in: Browser, path: str
) -> None:
    browser = browser_for(path, side, signed_in, client)
    for query in QUERIES:
        answer = browser.get(f"{path}?{query}")
        assert answer.status_code < 500, query
        assert "javascript:" not in answer.text, query


@pytest.mark.parametrize(
    "path",
    [
        "directory/divisions/%00",
        "service-packs/packs/%00",
        "directory/institutions?search=%00",
        "service-packs/packs?search=%00",
        "appointments/slots?department_id=x&date=99999-01-01",
    ],
)
def test_a_nul_is_a_problem_of_the_caller(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code in {404, 422}
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b"9" * 5_000,
        b'{"username": "\\u0000", "password": "x"}',
        b'{"username": "\\ud800", "password": "x"}',
        b'{"username": ["x"], "password": {}}',
        b'{"username": "' + b"x" * 100_000 + b'", "password": "x"}',
        b"null",
        b"",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_no_body_breaks_the_api(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/v1/auth/tokens/password", data=body, content_type="application/json")
    assert 400 <= answer.status_code < 500
    assert answer.mimetype == "application/problem+json"


def test_a_body_has_a_size(client: FlaskClient) -> None:
    answer = client.post("/auth/password", data=b"x=" + b"y" * 1_100_000,
                         content_type="application/x-www-form-urlencoded")  # fmt: skip
    assert answer.status_code == 413


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00",
                                    "9999-12-31T23:59:59-14:00"])  # fmt: skip
def test_the_edge_of_the_calendar_is_refused(
    client: FlaskClient, session: Session, side: Side, bearer: Bearer, moment: str
) -> None:
    entitlements = client.get(
        f"/api/v1/service-packs/entitlements?person_id={side.person.id}",
        headers=bearer(side.nurse),
    ).json
    assert entitlements
    body = {
        "entitlement_item_id": entitlements["items"][0]["items"][0]["id"],
        "performed_at": moment,
    }
    answer = client.post(
        "/api/v1/service-packs/service-records", json=body, headers=bearer(side.nurse)
    )
    assert answer.status_code in {409, 422}


def test_a_hidden_field_with_a_nul_is_refused(side: Side, signed_in: Browser) -> None:
    browser = signed_in(side.resident.id)
    path = f"/appointments/slots/{side.ids['slot']}"
    assert browser.post(path, data={"_once": "\x00"}).status_code == 422


def test_a_name_is_text_wherever_it_stands(
    session: Session, side: Side, signed_in: Browser, bearer: Bearer
) -> None:
    side.person.name = side.team.name = side.institution.name = side.doctor.name = SCRIPT
    session.commit()
    seen = 0
    for role, path in [
        ("leader", "/family-doctor/panel"),
        ("leader", f"/family-doctor/panel/{side.contract.id}"),
        ("resident", "/family-doctor/mine"),
        ("resident", "/me/"),
        ("registrar", "/appointments/day-list"),
        ("administrator", "/admin/institutions/"),
        ("administrator", "/admin/staff/"),
        ("administrator", "/admin/teams/"),
    ]:
        page = signed_in(side.accounts[role]).get(path).text
        assert SCRIPT not in page, path
        seen += "&lt;script&gt;" in page
    assert seen >= 6


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "/\tx", "javascript:x"]
)
def test_no_form_leads_to_another_site(client: FlaskClient, target: str) -> None:
    answer = client.post("/preferences/large-text", data={"next": target})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"


def test_every_answer_is_guarded(client: FlaskClient) -> None:
    for path in ("/auth/sign-in", "/api/v1/auth/me", "/nothing"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_identity_checks_are_limited(
    client: FlaskClient, session: Session, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The identity service is no oracle for who has which number."""
    asked: list[str] = []

    def mismatch(self: IdentityVerifier, name: str, number: str) -> Verdict:
        asked.append(name)
        return Verdict.MISMATCH

    monkeypatch.setattr(IdentityVerifier, "verify", mismatch)
    account = make_account(session, phone=make_phone())
    session.commit()
    headers = bearer(account.id)
    body = {"name": "某人", "id_number": make_id_number(), "division_code": "990102001"}
    answers = [
        client.post("/api/v1/residents/me/verification", json=body, headers=headers).status_code
        for _ in range(CHECKS_PER_DAY + 2)
    ]
    assert answers == [422] * CHECKS_PER_DAY + [429] * 2
    assert len(asked) == CHECKS_PER_DAY


def test_the_address_is_the_persons_behind_our_proxies() -> None:
    """One proxy of ours: what it wrote counts, what the person wrote before it does not."""
    app = APIFlask("proxied")
    factory._configure(app, Settings(environment="test", trusted_proxies=1))
    assert isinstance(app.wsgi_app, ProxyFix)
    seen: list[str] = []

    def remember(environ: "WSGIEnvironment", start: "StartResponse") -> list[bytes]:
        seen.append(environ["REMOTE_ADDR"])
        start("200 OK", [])
        return []

    app.wsgi_app.app = remember
    run_wsgi_app(app.wsgi_app, create_environ(headers={"X-Forwarded-For": "6.6.6.6, 10.1.2.3"}))
    assert seen == ["10.1.2.3"]


def test_a_trace_quotes_nobody() -> None:
    try:
        try:
            raise ValueError("Key (name)=(王小明) already exists")
        except ValueError as cause:
            raise OperationalError("INSERT …", {"name": "王小明"}, cause) from cause
    except OperationalError as error:
        text = trace((type(error), error, error.__traceback__))
    assert "王小明" not in text.replace(
        'raise ValueError("Key (name)=(王小明) already', ""
    ).replace('raise OperationalError("INSERT …", {"name": "王小明"}', "")
    assert "ValueError" in text


def test_a_database_that_does_not_answer_is_said(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(door, "find_by_username", fail)
    body = {"username": "some.body", "password": "x"}
    assert client.post("/api/v1/auth/tokens/password", json=body).status_code == 503
    assert client.post("/auth/password", data=body).status_code == 503
