"""What an application may demand of a sign-in: level, person, account, language, claims."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from auth import passwords
from auth.claims import Assurance
from auth.models import Account
from core import clock
from core.database import transaction
from tests.factories.auth import PASSWORD, make_account, open_browser_session
from tests.factories.sso import RelyingParty, answer_of, make_client, userinfo

Browser = Callable[[UUID], FlaskClient]
TWO, THREE = (Assurance(level).acr for level in (2, 3))


def essential(**asked: Any) -> str:
    return json.dumps({"id_token": {"acr": {"essential": True, **asked}}})


@pytest.fixture
def with_password(session: Session) -> Account:
    """One who signs in by password, with one factor."""
    account = make_account(session, name="张示例", username="zhang.demo")
    account.password_hash = passwords.hash_password(PASSWORD)
    session.flush()
    return account


@pytest.fixture
def unsure(app: APIFlask, browser: FlaskClient, with_password: Account) -> FlaskClient:
    """Their browser, signed in with one factor a minute ago."""
    with clock.shifted(timedelta(minutes=-1)), transaction() as work:
        token = open_browser_session(work, with_password.id, Assurance.ONE_FACTOR)
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = token
    return browser


def sign_in(browser: FlaskClient, address: str) -> None:
    form = {"username": "zhang.demo", "password": PASSWORD, "next": address}
    assert browser.post("/auth/password", data=form).location == address


# acr_values and an essential acr


@pytest.mark.parametrize(
    "given", [{"acr_values": f"urn:x {TWO}"}, {"claims": essential(value=TWO)}]
)
def test_a_level_not_reached_leads_to_the_door_and_then_back(
    unsure: FlaskClient, given: dict[str, str]
) -> None:
    rp = RelyingParty()
    address = rp.address(**given)
    assert unsure.get(address).location.startswith("/auth/sign-in?next=")
    assert unsure.get(address).status_code == 302  # still
    sign_in(unsure, address)
    back = answer_of(unsure.get(address))
    assert (back["error"], back["state"]) == ("unmet_authentication_requirements", rp.state)
    silent = rp.address(prompt="none", **given)
    with unsure.session_transaction() as cookie:
        cookie.pop("sso_sent_to_sign_in")
    assert answer_of(unsure.get(silent))["error"] == "login_required"


@pytest.mark.parametrize(
    "given",
    [
        {"acr_values": TWO},
        {"acr_values": f"{THREE} urn:x"},
        {"acr_values": "urn:unknown"},
        {"claims": essential(values=[THREE, TWO])},
        {"claims": essential()},
        {"claims": json.dumps({"id_token": {"acr": {"value": "urn:unknown"}}})},
    ],
)
def test_a_level_reached_goes_on(
    browser: FlaskClient, client: FlaskClient, given: dict[str, str]
) -> None:
    rp = RelyingParty()
    assert browser.get(rp.address(**given)).status_code == 200
    tokens = rp.exchange(client, rp.agree(browser, **given)).get_json()
    assert rp.claims(client, tokens["id_token"])["acr"] == THREE


def test_an_essential_level_that_is_none_of_ours_is_refused(browser: FlaskClient) -> None:
    rp = RelyingParty()
    back = answer_of(browser.get(rp.address(claims=essential(value="urn:unknown"))))
    assert back["error"] == "unmet_authentication_requirements"


# Whom the application expects


def test_an_id_token_hint_of_somebody_else_leads_to_the_door(
    browser: FlaskClient, client: FlaskClient, unsure: FlaskClient
) -> None:
    rp = RelyingParty()
    hint = rp.tokens(client, browser)["id_token"]
    again = RelyingParty()
    assert answer_of(browser.get(again.address(id_token_hint=hint, prompt="none")))["code"]
    RelyingParty().agree(unsure)
    for given in (hint, "nonsense"):
        silent = again.address(id_token_hint=given, prompt="none")
        assert answer_of(unsure.get(silent))["error"] == "login_required"
    address = again.address(id_token_hint=hint)
    assert unsure.get(address).location.startswith("/auth/sign-in")
    sign_in(unsure, address)
    assert answer_of(unsure.get(address))["error"] == "login_required"


def test_a_subject_asked_for_by_value_is_the_one_or_nobody(
    browser: FlaskClient, client: FlaskClient
) -> None:
    rp = RelyingParty()
    sub = rp.claims(client, rp.tokens(client, browser)["id_token"])["sub"]
    for value, found in ((sub, "code"), ("somebody", "error")):
        claims = json.dumps({"id_token": {"sub": {"value": value}}})
        back = answer_of(browser.get(RelyingParty().address(claims=claims, prompt="none")))
        assert found in back


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("12000000001", 'value="12000000001"'),
        ("+8612000000001", 'value="12000000001"'),
        ("zhang.demo", 'value="zhang.demo"'),
    ],
)
def test_a_login_hint_fills_the_door_in_once(
    session: Session, client: FlaskClient, hint: str, shown: str
) -> None:
    make_client(session)
    door = client.get(RelyingParty().address(login_hint=hint)).location
    assert hint.lstrip("+") not in door.partition("login_hint")[0]
    assert shown in client.get(door).text
    assert shown not in client.get("/auth/sign-in").text


def test_a_strange_hint_changes_nothing(session: Session, client: FlaskClient) -> None:
    make_client(session)
    door = client.get(RelyingParty().address(login_hint='"><script>')).location
    assert "<script>" not in client.get(door).text


def test_the_person_chooses_the_account(browser: FlaskClient, account: Account) -> None:
    RelyingParty().agree(browser)
    rp = RelyingParty()
    address = rp.address(prompt="select_account")
    page = browser.get(address)
    assert f"继续用 {account.display_name}" in page.text
    assert browser.post(address, data={"decision": "agree"}).location == address
    other = browser.post(address, data={"decision": "other"})
    assert other.location.startswith("/auth/sign-in?next=")
    rp = RelyingParty()
    address = rp.address(prompt="select_account")
    assert browser.post(address, data={"decision": "continue"}).location == address
    assert answer_of(browser.get(address))["code"]


# Languages


def test_the_pages_speak_the_applications_language_meanwhile(browser: FlaskClient) -> None:
    address = RelyingParty().address(ui_locales="fr en-GB zh")
    assert "Agree and sign in" in browser.get(address).text
    assert 'lang="en"' in browser.get("/auth/applications").text
    answer_of(browser.post(address, data={"decision": "agree"}))
    assert 'lang="zh-CN"' in browser.get("/auth/applications").text


def test_what_the_person_chooses_goes_before(client: FlaskClient, session: Session) -> None:
    make_client(session)
    door = client.get(RelyingParty().address(ui_locales="en")).location
    assert 'lang="en"' in client.get(door).text
    client.get(door + "&lang=zh")
    assert 'lang="zh-CN"' in client.get(door).text


# claims


def test_single_claims_are_told_where_they_were_asked_for(
    browser: FlaskClient, client: FlaskClient, account: Account
) -> None:
    wish = {
        "userinfo": {"phone_number": {"essential": True}, "birthdate": None},
        "id_token": {"name": None, "auth_time": {"essential": True}},
    }
    rp = RelyingParty(scope="openid")
    given = {"claims": json.dumps(wish)}
    page = browser.get(rp.address(**given))
    for text in (account.display_name, f"+86{account.phone}"):
        assert text in page.text  # nothing is told that was not shown
    tokens = rp.exchange(client, rp.agree(browser, **given)).get_json()
    id_token = rp.claims(client, tokens["id_token"])
    assert id_token["name"] == account.display_name
    assert "phone_number" not in id_token
    told = userinfo(client, tokens["access_token"]).get_json()
    assert told == {"sub": id_token["sub"], "phone_number": f"+86{account.phone}"}
    asked_again = browser.get(RelyingParty(scope="openid").address(**given))
    assert answer_of(asked_again)["code"]


def test_single_claims_stay_within_the_registration(
    session: Session, client: FlaskClient, signed_in: Browser, account: Account
) -> None:
    make_client(session, scopes=["openid"])
    rp, browser = RelyingParty(scope="openid"), signed_in(account.id)
    wish = json.dumps({"userinfo": {"name": None}, "id_token": {"phone_number": None}})
    tokens = rp.exchange(client, rp.agree(browser, claims=wish)).get_json()
    assert set(userinfo(client, tokens["access_token"]).get_json()) == {"sub"}
    assert "phone_number" not in rp.claims(client, tokens["id_token"])


@pytest.mark.parametrize(
    "claims", ['{"id_token": {"acr": {"values": 5}}}', "x", "[]",
               '{"userinfo": []}', '{"id_token": {"acr": 1}}', "[" * 5000,
               '{"id_token": {"acr": {"essential": true, "values": [[]]}}}',
               '{"id_token": {"acr": {"essential": true, "value": {}}}}'],
)  # fmt: skip
def test_nonsense_claims_are_refused(browser: FlaskClient, claims: str) -> None:
    back = answer_of(browser.get(RelyingParty().address(claims=claims)))
    assert back["error"] in ("invalid_request", "unmet_authentication_requirements")
