"""The front door: codes, passwords, sessions, and what they refuse."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth import passwords, ports
from auth.models import Account, Attempt, SignInSession
from auth.services.codes import CODE_TRIES, CODES_PER_PHONE_HOUR
from auth.services.door import PASSWORD_TRIES_PER_NAME
from core import clock
from core.access import Role
from core.errors import Unavailable
from tests.factories.auth import PASSWORD, make_account, make_phone


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What was sent by SMS: (phone, code)."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(
        ports, "_code_sender", lambda phone, code, _: messages.append((phone, code))
    )
    yield messages


def ask(client: FlaskClient, phone: str) -> str:
    """Ask for a code; the challenge's id."""
    answer = client.post("/api/v1/auth/codes", json={"phone": phone})
    assert answer.status_code == 202, answer.json
    assert answer.json
    return str(answer.json["challenge_id"])


def confirm(client: FlaskClient, challenge: str, code: str) -> int:
    body = {"challenge_id": challenge, "code": code}
    return client.post("/api/v1/auth/tokens/code", json=body).status_code


def test_a_first_sign_in_makes_the_account(
    client: FlaskClient, session: Session, sent: list[tuple[str, str]]
) -> None:
    phone = make_phone()
    challenge = ask(client, phone)
    assert sent[0][0] == phone
    assert confirm(client, challenge, sent[0][1]) == 201
    account = session.scalars(select(Account)).one()
    assert account.phone == phone
    assert phone not in account.display_name


def test_a_code_works_once(client: FlaskClient, sent: list[tuple[str, str]]) -> None:
    challenge = ask(client, make_phone())
    assert confirm(client, challenge, sent[0][1]) == 201
    assert confirm(client, challenge, sent[0][1]) == 422


def test_a_code_is_tried_five_times_at_most(
    client: FlaskClient, sent: list[tuple[str, str]]
) -> None:
    challenge = ask(client, make_phone())
    wrong = f"{(int(sent[0][1]) + 1) % 1_000_000:06d}"
    for _ in range(CODE_TRIES):
        assert confirm(client, challenge, wrong) == 422
    assert confirm(client, challenge, sent[0][1]) == 422


def test_a_code_ends_after_five_minutes(client: FlaskClient, sent: list[tuple[str, str]]) -> None:
    challenge = ask(client, make_phone())
    with clock.shifted(timedelta(minutes=6)):
        assert confirm(client, challenge, sent[0][1]) == 422


def test_codes_for_a_phone_are_limited(client: FlaskClient, sent: list[tuple[str, str]]) -> None:
    phone = make_phone()
    for _ in range(CODES_PER_PHONE_HOUR):
        ask(client, phone)
    answer = client.post("/api/v1/auth/codes", json={"phone": phone})
    assert answer.status_code == 429


def test_the_gateway_failing_is_said_clearly(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(phone: str, code: str, challenge_id: UUID) -> None:
        raise Unavailable("sms_unavailable")

    monkeypatch.setattr(ports, "_code_sender", fail)
    answer = client.post("/auth/code", data={"phone": make_phone()})
    assert answer.status_code == 503


def make_holder(session: Session) -> Account:
    """Of a password and no role: one factor is enough."""
    account = make_account(session, username="zhang")
    account.password_hash = passwords.hash_password(PASSWORD)
    session.flush()
    return account


def by_password(client: FlaskClient, name: str, password: str) -> int:
    body = {"username": name, "password": password}
    return client.post("/api/v1/auth/tokens/password", json=body).status_code


def test_signing_in_by_password(client: FlaskClient, session: Session) -> None:
    make_holder(session)
    assert by_password(client, "zhang", PASSWORD) == 201
    assert by_password(client, "zhang", "wrong") == 422
    assert by_password(client, "nobody", PASSWORD) == 422


def test_a_disabled_account_does_not_sign_in(client: FlaskClient, session: Session) -> None:
    account = make_holder(session)
    account.disabled_at = clock.now()
    session.flush()
    assert by_password(client, "zhang", PASSWORD) == 422


def test_passwords_are_limited_by_name_even_when_right(
    client: FlaskClient, session: Session
) -> None:
    make_holder(session)
    for _ in range(PASSWORD_TRIES_PER_NAME):
        by_password(client, "zhang", "wrong")
    assert by_password(client, "zhang", PASSWORD) == 429
    assert session.scalar(select(func.count()).select_from(Attempt))


def test_pages_sign_in_and_out(client: FlaskClient, session: Session) -> None:
    make_holder(session)
    form = {"username": "zhang", "password": PASSWORD, "next": "/auth/sign-in?who=staff"}
    answer = client.post("/auth/password", data=form)
    assert answer.status_code == 302
    assert answer.location == "/auth/sign-in?who=staff"
    client.post("/auth/sign-out")
    ended = session.scalars(select(SignInSession.ended_at)).one()
    assert ended is not None
    assert client.post("/auth/sign-out").location.startswith("/auth/sign-in")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(
    client: FlaskClient, session: Session, target: str
) -> None:
    make_holder(session)
    form = {"username": "zhang", "password": PASSWORD, "next": target}
    assert client.post("/auth/password", data=form).location == "/"


def test_a_wrong_code_keeps_the_page_and_says_why(
    client: FlaskClient, sent: list[tuple[str, str]]
) -> None:
    page = client.post("/auth/code", data={"phone": make_phone()}).text
    found = re.search(r'name="challenge_id" value="([^"]+)"', page)
    assert found
    wrong = f"{(int(sent[0][1]) + 1) % 1_000_000:06d}"
    answer = client.post("/auth/code/confirm", data={"challenge_id": found[1], "code": wrong})
    assert answer.status_code == 422
    assert "验证码不对或已失效" in answer.text


def test_a_token_ends_with_sign_out(client: FlaskClient, session: Session) -> None:
    make_holder(session)
    body = {"username": "zhang", "password": PASSWORD}
    token = client.post("/api/v1/auth/tokens/password", json=body).json["token"]  # type: ignore[index]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 200
    assert client.delete("/api/v1/auth/tokens/current", headers=headers).status_code == 204
    assert client.get("/api/v1/auth/me", headers=headers).status_code == 401


def test_signing_out_with_a_console_token_ends_nobody_elses(
    session: Session, client: FlaskClient, bearer: Callable[[UUID], dict[str, str]]
) -> None:
    mine, theirs = bearer(make_account(session).id), bearer(make_account(session).id)
    assert client.delete("/api/v1/auth/tokens/current", headers=mine).status_code == 204
    assert client.get("/api/v1/auth/me", headers=mine).status_code == 401
    assert client.get("/api/v1/auth/me", headers=theirs).status_code == 200


def test_a_cookie_is_no_key_to_the_api(
    session: Session, signed_in: Callable[[UUID], FlaskClient]
) -> None:
    browser = signed_in(make_account(session).id)
    assert browser.get("/api/v1/auth/me").status_code == 401


def test_a_form_without_its_token_is_refused(app: APIFlask, client: FlaskClient) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert client.post("/auth/code", data={"phone": make_phone()}).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_a_role_not_held_is_refused(
    session: Session, signed_in: Callable[[UUID], FlaskClient]
) -> None:
    account = make_account(session, roles={Role.ANALYST: ["990100"]})
    browser = signed_in(account.id)
    assert browser.post("/auth/role", data={"role": "administrator"}).status_code == 403
    assert browser.post("/auth/role", data={"role": "analyst"}).status_code == 302


def test_getting_in_forgives_the_tries(client: FlaskClient, session: Session) -> None:
    make_holder(session)
    for _ in range(PASSWORD_TRIES_PER_NAME + 2):
        assert by_password(client, "zhang", PASSWORD) == 201


def test_a_phone_that_signs_in_is_not_limited(
    client: FlaskClient, sent: list[tuple[str, str]]
) -> None:
    phone = make_phone()
    for _ in range(CODES_PER_PHONE_HOUR + 1):
        challenge = ask(client, phone)
        assert confirm(client, challenge, sent[-1][1]) == 201
