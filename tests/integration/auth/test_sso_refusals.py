"""What the OpenID Provider refuses, and whom it tells."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from auth.models import Account, SigningKey, Token
from auth.services.accounts import end_sign_ins
from core import clock
from core.database import transaction
from tests.factories.auth import (
    make_account,
    make_token,
    open_browser_session,
)
from tests.factories.sso import (
    ISSUER,
    REDIRECT_URI,
    RelyingParty,
    answer_of,
    make_client,
    userinfo,
)

Browser = Callable[[UUID], FlaskClient]

# Authorization requests that are refused


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "代码"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"prompt": "surprise"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": ""}, "invalid_request"),
        ({"request": "ey"}, "request_not_supported"),
        ({"request_uri": "urn:x"}, "request_uri_not_supported"),
    ],
)
def test_a_bad_request_goes_back_with_its_error(
    browser: FlaskClient, changes: dict[str, str | None], error: str
) -> None:
    rp = RelyingParty()
    back = answer_of(browser.get(rp.address(**changes)))
    assert (back["error"], back["state"], back["iss"]) == (error, rp.state, ISSUER)
    assert "code" not in back


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"client_id": "bad\x00id"},
        {"redirect_uri": None},
        {"redirect_uri": f"{REDIRECT_URI}/"},
        {"redirect_uri": f"{REDIRECT_URI}?x=1"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": 'https://evil.example/"引号'},
        {"state": "line\nbreak"},
        {"redirect_uri": "https://evil.example/", "response_type": "token"},
    ],
)
def test_nobody_is_sent_to_an_unregistered_address(
    browser: FlaskClient, client: FlaskClient, changes: dict[str, str | None]
) -> None:
    for caller in (browser, client):
        answer = caller.get(RelyingParty().address(**changes))
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "请回到该应用重试" in answer.text


def test_a_repeated_parameter_is_refused(browser: FlaskClient) -> None:
    rp = RelyingParty()
    assert browser.get(rp.address() + "&state=other").status_code == 400
    repeated = rp.address() + f"&code_challenge={'x' * 43}"
    assert answer_of(browser.get(repeated))["error"] == "invalid_request"


def test_only_registered_scopes_are_given(
    session: Session, client: FlaskClient, signed_in: Browser, account: Account
) -> None:
    make_client(session, scopes=["openid"])
    browser = signed_in(account.id)
    rp = RelyingParty(scope="phone openid email profile")
    tokens = rp.exchange(client, rp.agree(browser)).get_json()
    assert tokens["scope"] == "openid"
    assert set(userinfo(client, tokens["access_token"]).get_json()) == {"sub"}


# Token requests that are refused


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": "短" * 43}, "invalid_request"),
        ({"redirect_uri": "https://clinic.example/other"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_grant"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"client_id": "other"}, "invalid_grant"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_id": "nul\x00"}, "invalid_request"),
        ({"client_secret": "whatever"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "密码"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
    ],
)
def test_a_bad_exchange_is_refused_and_uses_nothing_up(
    session: Session,
    browser: FlaskClient,
    client: FlaskClient,
    changes: dict[str, str],
    error: str,
) -> None:
    make_client(session, "other")
    rp = RelyingParty()
    code = rp.agree(browser)
    answer = rp.exchange(client, code, **changes)
    assert answer.status_code in (400, 401)
    assert answer.get_json()["error"] == error
    assert answer.headers["Cache-Control"] == "no-store"
    assert rp.exchange(client, code).status_code == 200


def test_parameters_in_the_address_do_not_count(browser: FlaskClient, client: FlaskClient) -> None:
    rp = RelyingParty()
    query = {
        "grant_type": "authorization_code",
        "client_id": rp.client_id,
        "code": rp.agree(browser),
        "redirect_uri": REDIRECT_URI,
        "code_verifier": rp.verifier,
    }
    assert client.post("/oauth/token", query_string=query).status_code == 400


def test_a_code_works_for_a_minute(browser: FlaskClient, client: FlaskClient) -> None:
    rp = RelyingParty()
    code = rp.agree(browser)
    with clock.shifted(timedelta(seconds=61)):
        assert rp.exchange(client, code).get_json()["error"] == "invalid_grant"


def test_a_code_used_twice_ends_the_token_it_gave(
    browser: FlaskClient, client: FlaskClient
) -> None:
    rp, other = RelyingParty(), RelyingParty()
    code = rp.agree(browser)
    tokens = rp.exchange(client, code).get_json()
    untouched = other.exchange(client, other.agree(browser)).get_json()
    assert userinfo(client, tokens["access_token"]).status_code == 200
    assert rp.exchange(client, code).get_json()["error"] == "invalid_grant"
    assert userinfo(client, tokens["access_token"]).status_code == 401
    assert userinfo(client, untouched["access_token"]).status_code == 200


def test_a_code_dies_with_the_session(browser: FlaskClient, client: FlaskClient) -> None:
    rp = RelyingParty()
    code = rp.agree(browser)
    browser.post("/auth/sign-out")
    assert rp.exchange(client, code).get_json()["error"] == "invalid_grant"


def test_of_fifty_at_once_one_gets_the_tokens(app: APIFlask, committed_database: Engine) -> None:
    with transaction() as session:
        make_client(session)
        account_id = make_account(session).id
        token = open_browser_session(session, account_id)
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = token
    rp = RelyingParty()
    code = rp.agree(browser)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: rp.exchange(app.test_client(), code), range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert {a.get_json()["error"] for a in answers if a.status_code == 400} == {"invalid_grant"}
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Token)) == 1
        assert session.scalar(select(func.count()).select_from(SigningKey)) == 1


# userinfo


def test_userinfo_answers_its_own_tokens_only(
    session: Session, client: FlaskClient, account: Account
) -> None:
    make_client(session)
    for headers in (
        {},
        {"Authorization": "Bearer unknown"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": f"Bearer {make_token(session, account.id)}"},
    ):
        answer = client.post("/oauth/userinfo", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.get_json()["error"] == "invalid_token"


def test_an_applications_token_is_no_key_to_the_api(
    browser: FlaskClient, client: FlaskClient
) -> None:
    rp = RelyingParty()
    token = rp.exchange(client, rp.agree(browser)).get_json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401
    assert client.get("/auth/applications", headers=headers).status_code == 302


def test_access_ends_with_time_session_and_account(
    session: Session, browser: FlaskClient, client: FlaskClient, account: Account
) -> None:
    rp = RelyingParty()
    token = rp.exchange(client, rp.agree(browser)).get_json()["access_token"]
    assert userinfo(client, token).status_code == 200
    with clock.shifted(timedelta(minutes=11)):
        assert userinfo(client, token).status_code == 401
    account.disabled_at = clock.now()
    session.flush()
    assert userinfo(client, token).status_code == 401
    account.disabled_at = None
    session.flush()
    end_sign_ins(session, account.id)
    assert userinfo(client, token).status_code == 401
