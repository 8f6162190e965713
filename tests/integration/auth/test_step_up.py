"""What actions demand of a session: refused with what is missing, allowed once it is proved."""

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from auth import ports
from auth.assurance import FRESH, SENSITIVE_ACTIONS, assurance_of, own_demand
from auth.claims import Assurance, Method
from auth.models import Account, SignInSession, Totp
from auth.services.sign_in import PORTAL_SCOPE, issue_token, session_id_of
from core import clock
from core.access import Role
from core.models import AuditEvent
from core.web.access import Holding, rule_of
from tests.factories.auth import make_account, make_phone, open_browser_session
from tests.factories.directory import COUNTY, make_institution
from tests.integration.security.world import make_sides


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What was sent by SMS: (phone, code)."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(
        ports, "_code_sender", lambda phone, code, _: messages.append((phone, code))
    )
    yield messages


def browser_of(
    app: APIFlask, session: Session, account: Account, assurance: Assurance
) -> FlaskClient:
    client = app.test_client()
    token = open_browser_session(session, account.id, assurance)
    session.flush()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return client


def give_totp(session: Session, account: Account) -> pyotp.TOTP:
    secret = pyotp.random_base32()
    session.add(Totp(account_id=account.id, secret=secret, last_step=0, confirmed_at=clock.now()))
    session.flush()
    return pyotp.TOTP(secret)


def test_what_proofs_are_worth() -> None:
    assert assurance_of([Method.SMS]) is Assurance.ONE_FACTOR
    assert assurance_of([Method.SMS, Method.SMS]) is Assurance.ONE_FACTOR
    assert assurance_of([Method.PASSWORD, Method.SMS]) is Assurance.TWO_FACTORS
    assert assurance_of([Method.PASSKEY]) is Assurance.PHISHING_RESISTANT
    assert own_demand({Method.SMS}).assurance == Assurance.ONE_FACTOR
    assert own_demand({Method.SMS, Method.ONE_TIME_CODE}).assurance == Assurance.TWO_FACTORS
    assert all(demand.fresh == FRESH for demand in SENSITIVE_ACTIONS.values())


def test_no_page_of_the_staff_opens_by_one_factor(app: APIFlask, session: Session) -> None:
    side = make_sides(session)[0]
    opened = []
    for name, account_id in side.accounts.items():
        account = session.get_one(Account, account_id)
        browser = browser_of(app, session, account, Assurance.ONE_FACTOR)
        for rule in app.url_map.iter_rules():
            audience = rule_of(app, rule.endpoint)
            reads = "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")
            if not reads or rule.arguments or not isinstance(audience, Holding):
                continue
            answer = browser.get(rule.rule)
            if answer.status_code == 200:
                opened.append(f"{name}: {rule.rule}")
    assert opened == []


def test_a_page_leads_to_the_proof_and_back(
    app: APIFlask, session: Session, sent: list[tuple[str, str]]
) -> None:
    institution = make_institution(session)
    account = make_account(
        session, phone=make_phone(), roles={Role.ADMINISTRATOR: [institution.division_code]}
    )
    browser = browser_of(app, session, account, Assurance.ONE_FACTOR)
    session.execute(update(SignInSession).values(methods=["pwd"]))
    refused = browser.get("/admin/accounts/?state=all")
    assert refused.location == "/auth/step-up?next=/admin/accounts/?state%3Dall"
    with browser.session_transaction() as cookie:
        before = cookie["_user_id"]
    assert "/admin/accounts/?state=all" in browser.get(refused.location).text
    page = browser.post("/auth/step-up/code", data={"next": "/admin/accounts/"})
    challenge = page.text.split('name="challenge_id" value="')[1].split('"')[0]
    form = {"method": "sms", "code": sent[0][1], "challenge_id": challenge}
    answer = browser.post("/auth/step-up", data=form | {"next": "/admin/accounts/"})
    assert answer.location == "/admin/accounts/"
    assert browser.get("/admin/accounts/").status_code == 200
    with browser.session_transaction() as cookie:
        assert cookie["_user_id"] != before
        cookie["_user_id"] = before
    assert browser.get("/admin/accounts/").location.startswith("/auth/sign-in")


def test_a_sensitive_action_wants_a_new_proof_and_loses_nothing(
    app: APIFlask, session: Session
) -> None:
    institution = make_institution(session)
    account = make_account(session, roles={Role.ADMINISTRATOR: [institution.division_code]})
    app_of_theirs = give_totp(session, account)
    browser = browser_of(app, session, account, Assurance.TWO_FACTORS)
    data = {
        "role": "registrar",
        "unit": str(institution.id),
        "username": "wei.lan",
        "display_name": "韦兰",
        "old_password": "typed",
        "repeated": "typed",
    }
    with clock.shifted(FRESH + timedelta(seconds=1)):
        assert browser.get("/admin/accounts/").status_code == 200
        kept = browser.post("/admin/accounts/new", data=data)
        assert kept.status_code == 403
        assert 'name="username" value="wei.lan"' in kept.text
        assert "typed" not in kept.text
        form = {"method": "otp", "code": app_of_theirs.at(clock.now())}
        assert browser.post("/auth/step-up", data=form).status_code == 302
        assert "data-secret" in browser.post("/admin/accounts/new", data=data).text


def test_the_api_names_the_level_and_the_age(
    client: FlaskClient, app: APIFlask, session: Session
) -> None:
    account = make_account(session, roles={Role.ADMINISTRATOR: [COUNTY]})
    app_of_theirs = give_totp(session, account)
    token = open_browser_session(session, account.id, Assurance.TWO_FACTORS)
    session.flush()
    bearer = issue_token(
        session,
        account.id,
        scope=PORTAL_SCOPE,
        lifetime=timedelta(hours=1),
        session_id=session_id_of(session, token),
    )
    session.flush()
    headers = {"Authorization": f"Bearer {bearer}"}
    body = {"code": "000000"}
    path = "/api/v1/auth/security/totp"
    with clock.shifted(FRESH + timedelta(seconds=1)):
        refused = client.delete(path, headers=headers)
        assert refused.status_code == 401
        assert refused.json
        assert refused.json["code"] == "step_up_required"
        assert refused.json["acr_values"] == Assurance.ONE_FACTOR.acr
        assert refused.json["max_age"] == FRESH.total_seconds()
        assert "insufficient_user_authentication" in refused.headers["WWW-Authenticate"]
        body = {"method": "otp", "code": app_of_theirs.at(clock.now())}
        answer = client.post("/api/v1/auth/step-up", json=body, headers=headers)
        assert answer.json
        renewed = {"Authorization": f"Bearer {answer.json['token']}"}
        assert client.get("/api/v1/auth/me", headers=headers).status_code == 401
        assert client.get("/api/v1/auth/me", headers=renewed).status_code == 200
        # The last factor of a member of staff stays, however sure we are who asks.
        assert client.delete(path, headers=renewed).status_code == 409


def test_a_step_up_that_is_missing_is_in_the_audit(app: APIFlask, session: Session) -> None:
    account = make_account(session, roles={Role.ADMINISTRATOR: [COUNTY]})
    browser = browser_of(app, session, account, Assurance.ONE_FACTOR)
    with clock.shifted(FRESH + timedelta(seconds=1)):
        browser.get("/auth/security/password")
    event = session.scalars(
        select(AuditEvent).where(
            AuditEvent.account_id == account.id, AuditEvent.outcome == "denied"
        )
    ).one()
    assert event.policies == ["core.step-up"]


def test_a_password_does_not_renew_what_a_stronger_means_can(
    app: APIFlask, session: Session
) -> None:
    """A stolen session together with a password that the browser keeps is not enough."""
    account = make_account(session, username="zhang", roles={Role.ADMINISTRATOR: [COUNTY]})
    account.password_hash = "unused"
    give_totp(session, account)
    browser = browser_of(app, session, account, Assurance.TWO_FACTORS)
    answer = browser.post("/auth/step-up", data={"method": "pwd", "code": "unused"})
    assert answer.status_code == 422


def test_an_idle_session_of_staff_ends_and_a_residents_does_not(
    app: APIFlask, session: Session
) -> None:
    staff = make_account(session, roles={Role.ADMINISTRATOR: [COUNTY]})
    resident = make_account(session)
    browsers = [
        browser_of(app, session, account, Assurance.TWO_FACTORS) for account in (staff, resident)
    ]
    with clock.shifted(timedelta(minutes=20)):
        assert [b.get("/messages/").status_code for b in browsers] == [200, 200]
    with clock.shifted(timedelta(minutes=45)):  # 25 after the last use
        assert browsers[0].get("/messages/").status_code == 200
    with clock.shifted(timedelta(minutes=80)):
        assert [b.get("/messages/").status_code for b in browsers] == [302, 200]
