"""The OpenID Provider: signing in to another application, as people and browsers see it."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import passwords
from auth.models import Account, SignInSession
from auth.services.accounts import grant_role
from core import clock
from core.access import Role
from core.models import AuditEvent
from tests.factories.auth import (
    PASSWORD,
    make_account,
    make_phone,
    open_browser_session,
)
from tests.factories.directory import COUNTY
from tests.factories.residents import make_person
from tests.factories.sso import (
    ISSUER,
    RelyingParty,
    answer_of,
    make_client,
    userinfo,
)

Browser = Callable[[UUID], FlaskClient]

# The whole way


def test_a_resident_signs_in_to_an_application(
    browser: FlaskClient, client: FlaskClient, session: Session, account: Account
) -> None:
    rp = RelyingParty(scope="openid profile phone roles")
    page = browser.get(rp.address())
    assert page.status_code == 200
    for text in ("示例诊所", account.display_name, f"+86{account.phone}"):
        assert text in page.text
    back = answer_of(browser.post(rp.address(), data={"decision": "agree"}))
    assert (back["state"], back["iss"]) == (rp.state, ISSUER)

    answer = rp.exchange(client, back["code"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    tokens = answer.get_json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    claims = rp.claims(client, tokens["id_token"])
    assert claims["iss"] == ISSUER
    assert claims["aud"] == rp.client_id
    assert claims["nonce"] == rp.nonce
    assert claims["exp"] - claims["iat"] == 600
    assert claims["amr"] == ["pwd"]
    assert claims["acr"]
    assert claims["sid"]
    assert "name" not in claims
    assert str(account.id) not in str(claims)
    sign_in = session.scalars(select(SignInSession)).one()
    assert claims["auth_time"] == int(sign_in.created_at.timestamp())
    digest = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")

    told = userinfo(client, tokens["access_token"]).get_json()
    assert told == {
        "sub": claims["sub"],
        "name": account.display_name,
        "phone_number": f"+86{account.phone}",
        "phone_number_verified": True,  # though this session was opened by a password
        "roles": ["resident"],
    }
    actions = session.scalars(select(AuditEvent.action)).all()
    assert {"auth:consent-to-application", "auth:sign-in-to-application", "auth:read-claims"} <= {
        *actions
    }


def test_consent_is_remembered_for_these_scopes_only(browser: FlaskClient) -> None:
    rp = RelyingParty()
    rp.agree(browser)
    assert answer_of(browser.get(RelyingParty().address()))["code"]
    wider = RelyingParty(scope="openid profile phone")
    assert browser.get(wider.address()).status_code == 200
    wider.agree(browser)
    assert answer_of(browser.get(RelyingParty().address()))["code"]
    assert browser.get(RelyingParty().address(prompt="consent")).status_code == 200


def test_declining_is_told_to_the_application(browser: FlaskClient) -> None:
    rp = RelyingParty()
    back = answer_of(browser.post(rp.address(), data={"decision": "decline"}))
    assert back["error"] == "access_denied"
    assert (back["state"], back["iss"]) == (rp.state, ISSUER)
    assert browser.get(rp.address()).status_code == 200


def test_a_stranger_signs_in_first_and_comes_back(
    client: FlaskClient, session: Session, app: APIFlask
) -> None:
    make_client(session)
    account = make_account(session, name="张示例", username="zhang.demo")
    account.password_hash = passwords.hash_password(PASSWORD)
    session.flush()
    rp = RelyingParty()
    door = client.get(rp.address())
    assert door.location.startswith("/auth/sign-in?next=")
    page = client.get(door.location + "&who=staff")
    assert "https://clinic.example" in page.headers["Content-Security-Policy"]
    form = {"username": "zhang.demo", "password": PASSWORD, "next": rp.address()}
    entered = client.post("/auth/password", data=form)
    assert entered.location == rp.address()
    code = rp.agree(client)
    claims = rp.claims(client, rp.exchange(app.test_client(), code).get_json()["id_token"])
    assert claims["amr"] == ["pwd"]


def test_agreeing_after_the_session_ended_starts_again(
    client: FlaskClient, session: Session
) -> None:
    make_client(session)
    rp = RelyingParty()
    answer = client.post(rp.address(), data={"decision": "agree"})
    assert (answer.status_code, answer.location) == (303, rp.address())


def test_a_console_token_opens_no_application(
    client: FlaskClient, session: Session, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    make_client(session)
    headers = bearer(make_account(session).id)
    rp = RelyingParty()
    for answer in (
        client.get(rp.address(), headers=headers),
        client.get("/oauth/end-session", headers=headers),
    ):
        assert answer.location.startswith("/auth/sign-in")
    answer = client.post(rp.address(), data={"decision": "agree"}, headers=headers)
    assert answer.status_code == 303


# What a person and a browser can rely on


def test_forms_may_lead_to_the_registered_application_only(
    client: FlaskClient, browser: FlaskClient
) -> None:
    rp = RelyingParty()
    policy = browser.get(rp.address()).headers["Content-Security-Policy"]
    assert "form-action 'self' https://clinic.example;" in policy
    for address in (
        rp.address(redirect_uri="https://evil.example/"),
        rp.address(client_id="unknown"),
        "/auth/applications",
        "/oauth/authorize?client_id=%00",
    ):
        page = client.get("/auth/sign-in", query_string={"next": address})
        assert "example" not in page.headers["Content-Security-Policy"]


def test_agreeing_cannot_be_forged(app: APIFlask, browser: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = browser.post(RelyingParty().address(), data={"decision": "agree"})
        assert answer.status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_nothing_is_given_that_is_not_known(
    session: Session, client: FlaskClient, signed_in: Browser
) -> None:
    make_client(session)
    browser = signed_in(make_account(session, name="129****0001", phone=make_phone()).id)
    rp = RelyingParty(scope="openid profile roles")
    assert "还没有实名" in browser.get(rp.address()).text
    tokens = rp.exchange(client, rp.agree(browser)).get_json()
    told = userinfo(client, tokens["access_token"]).get_json()
    assert set(told) == {"sub", "roles"}
    assert told["roles"] == []


def test_a_phone_that_a_desk_wrote_down_is_not_told(
    session: Session, client: FlaskClient, signed_in: Browser
) -> None:
    """It is the record's and nobody proved it; what is told is the account's."""
    make_client(session)
    person = make_person(session, phone=make_phone())
    account = make_account(session, name=person.name, username="desk", person_id=person.id)
    rp = RelyingParty(scope="openid phone")
    tokens = rp.exchange(client, rp.agree(signed_in(account.id))).get_json()
    assert set(userinfo(client, tokens["access_token"]).get_json()) == {"sub"}


def test_roles_come_without_units(
    session: Session, client: FlaskClient, signed_in: Browser
) -> None:
    make_client(session)
    account = make_account(session, roles={Role.ANALYST: ["990100"], Role.LEADER: ["t1", "t2"]})
    rp = RelyingParty(scope="openid roles")
    tokens = rp.exchange(client, rp.agree(signed_in(account.id))).get_json()
    told = userinfo(client, tokens["access_token"]).get_json()
    assert told["roles"] == ["leader", "analyst"]


def test_two_applications_cannot_compare_notes(
    session: Session, client: FlaskClient, browser: FlaskClient
) -> None:
    other = "https://other.example/callback"
    make_client(session, "other", redirect_uris=[other])
    first, again, second = RelyingParty(), RelyingParty(), RelyingParty("other")
    seen = [
        rp.claims(client, rp.exchange(client, rp.agree(browser)).get_json()["id_token"])
        for rp in (first, again)
    ]
    location = browser.post(second.address(redirect_uri=other), data={"decision": "agree"}).location
    found = re.search("code=([^&]+)", location)
    assert found
    answer = second.exchange(client, found[1], redirect_uri=other)
    seen.append(second.claims(client, answer.get_json()["id_token"]))
    assert seen[0]["sub"] == seen[1]["sub"] != seen[2]["sub"]
    assert seen[0]["sid"] == seen[1]["sid"] != seen[2]["sid"]


def test_withdrawing_ends_the_access(browser: FlaskClient, client: FlaskClient) -> None:
    rp, waiting = RelyingParty(), RelyingParty()
    tokens = rp.exchange(client, rp.agree(browser)).get_json()
    code = waiting.agree(browser)
    assert "示例诊所" in browser.get("/auth/applications").text
    form = {"client_id": "clinic"}
    assert browser.post("/auth/applications/withdraw", data=form).status_code == 303
    assert userinfo(client, tokens["access_token"]).status_code == 401
    assert waiting.exchange(client, code).get_json()["error"] == "invalid_grant"
    assert "还没有授权过应用" in browser.get("/auth/applications").text
    assert browser.get(RelyingParty().address()).status_code == 200
    assert browser.post("/auth/applications/withdraw", data=form).status_code == 404


def test_the_api_lists_and_withdraws(
    browser: FlaskClient,
    client: FlaskClient,
    account: Account,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    rp, api, headers = RelyingParty(), "/api/v1/auth/consents", bearer(account.id)
    tokens = rp.exchange(client, rp.agree(browser)).get_json()
    listed = client.get(api, headers=headers).get_json()["items"]
    assert [(each["client_id"], "openid" in each["scopes"]) for each in listed] == [
        ("clinic", True)
    ]
    assert client.delete(f"{api}/clinic", headers=headers).status_code == 204
    assert userinfo(client, tokens["access_token"]).status_code == 401
    assert client.get(api, headers=headers).get_json()["items"] == []
    assert client.delete(f"{api}/clinic", headers=headers).status_code == 404


def test_another_persons_consent_counts_for_nobody_else(
    session: Session, browser: FlaskClient, signed_in: Browser
) -> None:
    RelyingParty().agree(browser)
    other = signed_in(make_account(session).id)
    assert other.get(RelyingParty().address()).status_code == 200
    form = {"client_id": "clinic"}
    assert other.post("/auth/applications/withdraw", data=form).status_code == 404


# prompt and max_age


def test_prompt_none_never_shows_a_page(client: FlaskClient, browser: FlaskClient) -> None:
    rp = RelyingParty()
    silent = rp.address(prompt="none")
    back = answer_of(client.get(silent))
    assert (back["error"], back["state"], back["iss"]) == ("login_required", rp.state, ISSUER)
    assert answer_of(browser.get(silent))["error"] == "consent_required"
    rp.agree(browser)
    assert answer_of(browser.get(RelyingParty().address(prompt="none")))["code"]
    both = RelyingParty().address(prompt="none login")
    assert answer_of(browser.get(both))["error"] == "invalid_request"
    with clock.shifted(timedelta(minutes=5)):
        old = RelyingParty().address(prompt="none", max_age="60")
        assert answer_of(browser.get(old))["error"] == "login_required"


def test_prompt_none_answers_the_application_where_a_step_up_is_due(
    session: Session, account: Account, browser: FlaskClient
) -> None:
    RelyingParty().agree(browser)
    grant_role(session, account.id, Role.REGISTRAR, COUNTY, "某县")
    session.execute(update(SignInSession).values(assurance=1))
    rp = RelyingParty()
    back = answer_of(browser.get(rp.address(prompt="none")))
    assert (back["error"], back["state"]) == ("interaction_required", rp.state)
    assert browser.get(RelyingParty().address()).location.startswith("/auth/step-up?next=")


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "60"}, {"max_age": "0"}])
def test_a_newer_sign_in_is_asked_for_once(
    session: Session, account: Account, browser: FlaskClient, wish: dict[str, str]
) -> None:
    RelyingParty().agree(browser)
    rp = RelyingParty()
    with clock.shifted(timedelta(minutes=5)):
        door = browser.get(rp.address(**wish))
        assert door.location.startswith("/auth/sign-in?next=")
        assert browser.get(rp.address(**wish)).location == door.location
        decided = browser.post(rp.address(**wish), data={"decision": "agree"})
        assert (decided.status_code, decided.location) == (303, rp.address(**wish))
        token = open_browser_session(session, account.id)
        session.flush()
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = token
        assert answer_of(browser.get(rp.address(**wish)))["code"]
        # Another request with the same wish needs another sign-in.
        again = browser.get(RelyingParty().address(**wish))
        if "prompt" in wish:
            assert again.location.startswith("/auth/sign-in")


def test_a_young_sign_in_is_enough_for_max_age(browser: FlaskClient) -> None:
    RelyingParty().agree(browser)
    assert answer_of(browser.get(RelyingParty().address(max_age="3600")))["code"]
