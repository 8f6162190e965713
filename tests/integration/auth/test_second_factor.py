"""Between the password and the session: the second factor of staff, on the pages and by the API."""

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth import passwords, ports
from auth.claims import Assurance, Method
from auth.models import Account, PendingSignIn, RecoveryCode, SignInSession, Totp
from auth.services import factors
from auth.services.second_factor import PROOFS_PER_ACCOUNT
from core import clock
from tests.factories.auth import PASSWORD, make_account, make_phone
from tests.integration.auth.second_factors import by_name, make_staff, named, opened

__all__ = ["named"]


NEW_PASSWORD = "three green plants by the desk"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What was sent by SMS: (phone, code)."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(
        ports, "_code_sender", lambda phone, code, _: messages.append((phone, code))
    )
    yield messages


def give_totp(session: Session, account: Account) -> pyotp.TOTP:
    secret = pyotp.random_base32()
    row = Totp(account_id=account.id, secret=secret, last_step=0, confirmed_at=clock.now())
    session.add(row)
    session.flush()
    return pyotp.TOTP(secret)


def prove(client: FlaskClient, method: str, code: str, **more: str) -> TestResponse:
    form = {"method": method, "code": code, "next": "/messages/", **more}
    return client.post("/auth/second-factor", data=form)


def challenge_of(page: TestResponse) -> str:
    return page.text.split('name="challenge_id" value="')[1].split('"')[0]


def test_a_password_alone_opens_nothing_for_staff(
    client: FlaskClient, session: Session, sent: list[tuple[str, str]]
) -> None:
    make_staff(session, phone=make_phone())
    answer = by_name(client)
    assert answer.status_code == 303
    assert answer.location.startswith("/auth/second-factor?")
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 0
    assert client.get("/messages/").location.startswith("/auth/sign-in")


def test_a_code_to_the_phone_of_the_account_is_the_second(
    client: FlaskClient, session: Session, sent: list[tuple[str, str]]
) -> None:
    phone = make_phone()
    make_staff(session, phone=phone)
    by_name(client)
    page = client.post("/auth/second-factor/code", data={"next": "/messages/"})
    assert phone not in page.text
    assert sent[0][0] == phone
    answer = prove(client, "sms", sent[0][1], challenge_id=challenge_of(page))
    assert answer.location == "/messages/"
    assert opened(session) == ([Method.PASSWORD, Method.SMS], Assurance.TWO_FACTORS)
    assert client.get("/messages/").status_code == 200
    # The sign-in is over: its pages lead nowhere any more.
    assert client.get("/auth/second-factor?next=/me/").location == "/me/"


def test_a_code_for_signing_in_is_no_second_factor(
    client: FlaskClient, session: Session, sent: list[tuple[str, str]]
) -> None:
    """Somebody talked into reading out one code has not given away the other."""
    phone = make_phone()
    make_staff(session, phone=phone)
    by_name(client)
    answer = client.post("/api/v1/auth/codes", json={"phone": phone})
    assert answer.json
    refused = prove(client, "sms", sent[0][1], challenge_id=str(answer.json["challenge_id"]))
    assert refused.status_code == 422


def test_a_code_is_taken_with_blanks_around_it(client: FlaskClient, session: Session) -> None:
    code = give_totp(session, make_staff(session)).at(clock.now())
    by_name(client)
    answer = client.post("/auth/second-factor", data={"method": "otp", "code": f" {code} "})
    assert answer.status_code == 302


def test_totp_is_taken_once_a_step(client: FlaskClient, session: Session) -> None:
    app = give_totp(session, make_staff(session))
    code = app.at(clock.now())
    by_name(client)
    assert prove(client, "otp", code).status_code == 302
    assert opened(session) == ([Method.PASSWORD, Method.ONE_TIME_CODE], Assurance.TWO_FACTORS)
    by_name(client)
    assert prove(client, "otp", code).status_code == 422


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_totp_forgives_one_step(session: Session, steps: int, taken: bool) -> None:
    account = make_staff(session)
    code = give_totp(session, account).at(clock.now() + timedelta(seconds=30 * steps))
    assert factors.use_totp(session, account.id, code) is taken


def test_an_earlier_step_is_refused_after_a_later_one(session: Session) -> None:
    account = make_staff(session)
    app, now = give_totp(session, account), clock.now()
    assert factors.use_totp(session, account.id, app.at(now))
    assert not factors.use_totp(session, account.id, app.at(now - timedelta(seconds=30)))


def test_a_recovery_code_works_once(client: FlaskClient, session: Session) -> None:
    account = make_staff(session)
    give_totp(session, account)
    codes = factors.make_recovery_codes(session, account.id)
    session.flush()
    assert len(set(codes)) == 10
    by_name(client)
    assert prove(client, "kba", codes[0].upper().replace("-", " ")).status_code == 302
    by_name(client)
    assert prove(client, "kba", codes[0]).status_code == 422
    assert prove(client, "kba", codes[1]).status_code == 302
    left = select(func.count()).where(RecoveryCode.used_at.is_(None))
    assert session.scalar(left) == 8
    kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert all(code.encode() not in digest for code in codes for digest in kept)


def test_the_same_password_is_no_second_factor(client: FlaskClient, session: Session) -> None:
    give_totp(session, make_staff(session))
    by_name(client)
    assert prove(client, "pwd", PASSWORD).status_code == 422


def test_proofs_are_limited_by_account(client: FlaskClient, session: Session) -> None:
    app = give_totp(session, make_staff(session))
    by_name(client)
    for _ in range(PROOFS_PER_ACCOUNT):
        assert prove(client, "otp", "000000").status_code == 422
    assert prove(client, "otp", app.at(clock.now())).status_code == 429


def test_a_sign_in_on_its_way_ends_after_a_quarter(client: FlaskClient, session: Session) -> None:
    app = give_totp(session, make_staff(session))
    by_name(client)
    with clock.shifted(timedelta(minutes=16)):
        answer = prove(client, "otp", app.at(clock.now()))
    assert answer.location == "/auth/sign-in?next=/messages/"
    assert "登录没有完成" in client.get(answer.location).text


def test_disabling_ends_a_sign_in_on_its_way(client: FlaskClient, session: Session) -> None:
    account = make_staff(session)
    app = give_totp(session, account)
    by_name(client)
    account.disabled_at = clock.now()
    session.flush()
    assert prove(client, "otp", app.at(clock.now())).location.startswith("/auth/sign-in")


def test_a_disabled_account_is_answered_as_a_wrong_password(
    client: FlaskClient, session: Session
) -> None:
    """The second factor tells that the password was right: of a live account only."""
    account = make_staff(session, phone=make_phone())
    account.disabled_at = clock.now()
    session.flush()
    right, wrong = by_name(client), by_name(client, password="not the password")
    assert right.status_code == wrong.status_code == 422
    assert _without_tokens(right.text) == _without_tokens(wrong.text)
    assert session.scalar(select(func.count()).select_from(PendingSignIn)) == 0


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "_once" not in line and "csrf" not in line]


def test_staff_without_any_factor_set_one_up_first(client: FlaskClient, session: Session) -> None:
    account = make_staff(session)
    assert by_name(client).location.startswith("/auth/set-up?")
    page = client.get("/auth/set-up?next=/messages/")
    secret = page.text.split('class="secret">')[1].split("<")[0].replace(" ", "")
    picture = client.get("/auth/set-up/totp.svg")
    assert picture.mimetype == "image/svg+xml"
    assert client.post("/auth/set-up/totp", data={"code": "000000"}).status_code == 422
    code = pyotp.TOTP(secret).at(clock.now())
    shown = client.post("/auth/set-up/totp", data={"code": code, "next": "/messages/"})
    assert shown.status_code == 200
    assert shown.text.count("<code>") == 10
    assert opened(session) == ([Method.PASSWORD, Method.ONE_TIME_CODE], Assurance.TWO_FACTORS)
    assert session.get_one(Totp, account.id).secret == secret
    assert client.get("/messages/").status_code == 200


def test_a_secret_that_was_shown_before_is_worth_nothing(
    client: FlaskClient, session: Session
) -> None:
    """Whoever else knows the password may have looked at it."""
    make_staff(session)
    by_name(client)
    page = client.get("/auth/set-up")
    seen = page.text.split('class="secret">')[1].split("<")[0].replace(" ", "")
    client.get("/auth/set-up")
    code = pyotp.TOTP(seen).at(clock.now())
    assert client.post("/auth/set-up/totp", data={"code": code}).status_code == 422


def test_who_has_a_factor_cannot_set_up_another_on_the_way_in(
    client: FlaskClient, session: Session, named: None
) -> None:
    give_totp(session, make_staff(session))
    by_name(client)
    assert client.get("/auth/set-up").location.startswith("/auth/second-factor")
    for path in ("/auth/set-up/totp", "/auth/set-up/passkey/options", "/auth/set-up/passkey"):
        answer = client.post(path, data={"code": "123456", "name": "x", "credential": "{}"})
        assert answer.location.startswith("/auth/sign-in"), path


def test_an_initial_password_is_changed_on_the_way_in(
    client: FlaskClient, session: Session
) -> None:
    account = make_staff(session)
    account.password_initial = True
    app = give_totp(session, account)
    by_name(client)
    answer = prove(client, "otp", app.at(clock.now()))
    assert answer.location.startswith("/auth/set-up/password")
    assert session.scalar(select(func.count()).select_from(SignInSession)) == 0
    for bad in ("short", "zhang12345", "password123", PASSWORD):
        form = {"new_password": bad, "repeated": bad}
        assert client.post("/auth/set-up/password", data=form).status_code == 422, bad
    form = {"new_password": NEW_PASSWORD, "repeated": "another"}
    assert client.post("/auth/set-up/password", data=form).status_code == 422
    form = {"new_password": NEW_PASSWORD, "repeated": NEW_PASSWORD, "next": "/messages/"}
    assert client.post("/auth/set-up/password", data=form).location == "/messages/"
    session.refresh(account)
    assert not account.password_initial
    assert passwords.matches(account.password_hash, NEW_PASSWORD)


def test_a_resident_is_asked_once_they_set_up_more(
    client: FlaskClient, session: Session, sent: list[tuple[str, str]]
) -> None:
    account = make_account(session, phone=make_phone())
    app = give_totp(session, account)
    page = client.post("/auth/code", data={"phone": account.phone})
    form = {"challenge_id": challenge_of(page), "code": sent[0][1]}
    assert client.post("/auth/code/confirm", data=form).location.startswith("/auth/second-factor")
    assert prove(client, "otp", app.at(clock.now())).status_code == 302
    assert opened(session) == ([Method.SMS, Method.ONE_TIME_CODE], Assurance.TWO_FACTORS)


def test_the_api_asks_for_the_second_factor_too(
    client: FlaskClient, session: Session, sent: list[tuple[str, str]]
) -> None:
    make_staff(session, phone=make_phone())
    body = {"username": "zhang", "password": PASSWORD}
    refused = client.post("/api/v1/auth/tokens/password", json=body)
    assert refused.status_code == 401
    assert refused.json
    assert refused.json["code"] == "second_factor_required"
    assert refused.json["methods"] == ["sms"]
    pending = {"pending": refused.json["pending"]}
    asked = client.post("/api/v1/auth/tokens/second-factor/code", json=pending)
    assert asked.json
    proof = pending | {
        "method": "sms", "code": sent[0][1], "challenge_id": asked.json["challenge_id"],
    }  # fmt: skip
    answer = client.post("/api/v1/auth/tokens/second-factor", json=proof)
    assert answer.status_code == 201
    assert answer.json
    bearer = {"Authorization": f"Bearer {answer.json['token']}"}
    assert client.get("/api/v1/auth/me", headers=bearer).status_code == 200
    again = client.post("/api/v1/auth/tokens/second-factor", json=proof)
    assert again.status_code == 401


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_no_step_leads_to_another_site(client: FlaskClient, session: Session, target: str) -> None:
    app = give_totp(session, make_staff(session))
    assert "evil" not in by_name(client, next=target).location
    page = client.get("/auth/second-factor", query_string={"next": target}).text
    assert page.count('name="next" value="/"') == 1
    form = {"method": "otp", "code": app.at(clock.now()), "next": target}
    assert client.post("/auth/second-factor", data=form).location == "/"


def test_an_outdated_hash_is_renewed(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher

    account = make_staff(session, phone=make_phone())
    account.password_hash = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    session.flush()
    by_name(client)
    session.refresh(account)
    assert account.password_hash
    assert not passwords.is_outdated(account.password_hash)
    assert passwords.matches(account.password_hash, PASSWORD)
