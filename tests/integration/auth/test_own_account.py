"""What people do about their own account, and what ends with it."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pyotp
import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from auth import passkeys, passwords, ports
from auth.models import Account, Device, Notice, Passkey, RecoveryCode, SignInSession, Totp
from auth.queries.wechat import find_identity
from auth.schemas import DueNotice, NoticeKind
from auth.services.codes import CODES_PER_DEVICE_HOUR
from auth.services.door import PASSWORD_TRIES_PER_NAME
from core import clock
from core.access import Role
from notifications.models import Message
from notifications.sms import SmsGateway
from tests.factories.auth import PASSWORD, make_account, make_phone
from tests.factories.identities import join_wechat
from tests.factories.passkeys import HERE, Authenticator
from tests.factories.residents import make_resident
from wechat.schemas import App, WeChatUser

Browser = Callable[[UUID], FlaskClient]
NEW = "three green plants by the desk"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """What was sent by SMS: (phone, code or kind of news)."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(
        ports, "_code_sender", lambda phone, code, _: messages.append((phone, code))
    )

    def notice(self: object, phone: str, news: DueNotice, link: str) -> None:
        messages.append((phone, str(news.kind)))

    monkeypatch.setattr(SmsGateway, "send_notice", notice)
    yield messages


@pytest.fixture
def holder(session: Session) -> Account:
    """Of a name, a password and a phone."""
    account = make_account(session, username="zhang", phone=make_phone())
    account.password_hash = passwords.hash_password(PASSWORD)
    session.flush()
    return account


def change(browser: FlaskClient, old: str = PASSWORD, new: str = NEW) -> int:
    form = {"old_password": old, "new_password": new, "repeated": new}
    return browser.post("/auth/security/password", data=form).status_code


def test_a_change_of_password_ends_the_other_sessions(
    session: Session,
    client: FlaskClient,
    holder: Account,
    signed_in: Browser,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    here, there, token = signed_in(holder.id), signed_in(holder.id), bearer(holder.id)
    assert change(here, old="not the password") == 422
    assert change(here, new="zhang1234567") == 422
    assert change(here) == 303
    assert here.get("/auth/security").status_code == 200
    assert there.get("/auth/security").status_code == 302
    assert client.get("/api/v1/auth/me", headers=token).status_code == 401
    session.refresh(holder)
    assert passwords.matches(holder.password_hash, NEW)
    assert session.scalars(select(Notice.kind)).all() == [NoticeKind.PASSWORD_CHANGED]


def test_a_password_is_taken_as_typed(
    app: APIFlask, session: Session, holder: Account, signed_in: Browser
) -> None:
    """By page as by API: no blank is taken off, at the door and for a second look neither."""
    typed = f" {NEW}\t"
    browser = signed_in(holder.id)
    assert change(browser, old=f"{PASSWORD} ") == 422
    assert change(browser, new=typed) == 303
    session.refresh(holder)
    assert passwords.matches(holder.password_hash, typed)
    door = app.test_client()
    for given, status in ((NEW, 422), (typed, 302)):
        form = {"username": " zhang ", "password": given}
        assert door.post("/auth/password", data=form).status_code == status
    holder.phone = holder.phone_index = None  # so that the password is what is asked for
    session.flush()
    for given, status in ((NEW, 422), (typed, 302)):
        form = {"method": "pwd", "code": given}
        assert browser.post("/auth/step-up", data=form).status_code == status


def test_the_old_password_is_not_guessed_in_a_session(holder: Account, signed_in: Browser) -> None:
    browser = signed_in(holder.id)
    statuses = [change(browser, old="not the password") for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_a_change_of_phone_is_proved_and_told_to_the_old_one(
    session: Session,
    signed_in: Browser,
    sent: list[tuple[str, str]],
    run_jobs: Callable[[], int],
) -> None:
    account, person = make_resident(session)
    session.flush()
    old, new = account.phone, make_phone()
    somebody = WeChatUser(app=App.MINI_PROGRAM, app_id="wx1", openid="somebody", unionid=None)
    join_wechat(session, account.id, somebody)
    here, there = signed_in(account.id), signed_in(account.id)
    page = here.post("/auth/security/phone/code", data={"phone": new})
    challenge = page.text.split('name="challenge_id" value="')[1].split('"')[0]
    wrong = f"{(int(sent[0][1]) + 1) % 1_000_000:06d}"
    form = {"challenge_id": challenge, "code": wrong}
    assert here.post("/auth/security/phone", data=form).status_code == 422
    # The code was for this account: nobody else's session takes it.
    stranger = signed_in(make_account(session).id)
    form["code"] = sent[0][1]
    assert stranger.post("/auth/security/phone", data=form).status_code == 422
    assert here.post("/auth/security/phone", data=form).status_code == 303
    assert there.get("/auth/security").status_code == 302
    # Whoever had the old phone may have joined their own.
    assert find_identity(session, somebody) is None
    run_jobs()
    session.expire_all()
    assert session.get_one(Account, account.id).phone == new
    assert person.phone == new
    assert (old, "phone_changed") in sent
    kept = session.scalars(select(Message.sentence).where(Message.person_id == person.id))
    assert any("手机号已更换" in sentence for sentence in kept)


def test_a_phone_of_another_account_is_not_taken(
    session: Session, holder: Account, signed_in: Browser, sent: list[tuple[str, str]]
) -> None:
    other = make_account(session, phone=make_phone())
    browser = signed_in(holder.id)
    page = browser.post("/auth/security/phone/code", data={"phone": other.phone})
    assert page.status_code == 200  # only who holds the phone learns that it has an account
    challenge = page.text.split('name="challenge_id" value="')[1].split('"')[0]
    form = {"challenge_id": challenge, "code": sent[0][1]}
    assert browser.post("/auth/security/phone", data=form).status_code == 409


def test_totp_is_set_up_and_removed(
    session: Session, holder: Account, signed_in: Browser, sent: list[tuple[str, str]]
) -> None:
    browser = signed_in(holder.id)
    page = browser.get("/auth/security/totp").text
    secret = page.split('class="secret">')[1].split("<")[0].replace(" ", "")
    assert browser.get("/auth/security/totp.svg").mimetype == "image/svg+xml"
    stored = session.execute(text("SELECT secret FROM auth_totp")).scalar_one()
    assert secret.encode() not in bytes(stored)
    code = pyotp.TOTP(secret).at(clock.now())
    shown = browser.post("/auth/security/totp", data={"code": code})
    assert shown.text.count("<code>") == 10
    assert browser.get("/auth/security").status_code == 200
    assert browser.get("/auth/security/totp").status_code == 303  # there is one already
    again = browser.post("/auth/security/recovery-codes")
    assert again.text.count("<code>") == 10
    assert browser.post("/auth/security/totp/remove").status_code == 303
    session.expire_all()
    assert session.get(Totp, holder.id) is None
    assert session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    told = session.scalars(select(Notice.kind).order_by(Notice.id)).all()
    # The application, the codes made anew, and that it went.
    assert told == [*[NoticeKind.FACTOR_ADDED] * 2, NoticeKind.FACTOR_REMOVED]


def test_passkeys_have_names_and_are_removed(
    session: Session, holder: Account, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passkeys, "relying_party", lambda: HERE)
    browser = signed_in(holder.id)
    for name in ("诊室电脑", "我的手机"):
        options = browser.post("/auth/security/passkeys/options").json
        assert options
        form = {"name": name, "credential": Authenticator().create(options)}
        assert browser.post("/auth/security/passkeys", data=form).status_code in (200, 303)
    page = browser.get("/auth/security").text
    assert "诊室电脑" in page
    assert "我的手机" in page
    key = session.scalars(select(Passkey.id).where(Passkey.name == "我的手机")).one()
    stranger = signed_in(make_account(session).id)
    assert stranger.post(f"/auth/security/passkeys/{key}/remove").status_code == 404
    assert browser.post(f"/auth/security/passkeys/{key}/remove").status_code == 303
    assert "我的手机" not in browser.get("/auth/security").text
    told = session.scalars(select(Notice.kind).order_by(Notice.id)).all()
    assert told == [*[NoticeKind.FACTOR_ADDED] * 2, NoticeKind.FACTOR_REMOVED]


def test_sessions_are_listed_and_ended(
    session: Session, holder: Account, signed_in: Browser, sent: list[tuple[str, str]]
) -> None:
    here, there, third = (signed_in(holder.id) for _ in range(3))
    page = here.get("/auth/security").text
    assert "127.0.*.*" in page
    assert page.count('/end"') == 2
    ids = session.scalars(select(SignInSession.id).order_by(SignInSession.created_at)).all()
    stranger = signed_in(make_account(session).id)
    assert stranger.post(f"/auth/security/sessions/{ids[1]}/end").status_code == 404
    assert here.post(f"/auth/security/sessions/{ids[1]}/end").status_code == 303
    assert there.get("/auth/security").status_code == 302
    assert here.post("/auth/security/sessions/end-others").status_code == 303
    assert third.get("/auth/security").status_code == 302
    assert here.get("/auth/security").status_code == 200


def test_a_new_device_is_news_and_a_known_one_is_not(
    app: APIFlask, session: Session, holder: Account
) -> None:
    def enter(browser: FlaskClient) -> None:
        form = {"username": "zhang", "password": PASSWORD}
        assert browser.post("/auth/password", data=form).status_code == 302

    first, second = app.test_client(), app.test_client()
    enter(first)
    enter(first)
    assert session.scalar(select(func.count()).select_from(Notice)) == 0
    enter(second)
    assert session.scalars(select(Notice.kind)).all() == [NoticeKind.NEW_DEVICE]
    assert session.scalar(select(func.count()).select_from(Device)) == 2
    cookie = second.get_cookie("kangqiao-device")
    assert cookie and cookie.http_only and cookie.same_site == "Lax"
    kept = session.scalars(select(Device.token_hash)).all()
    assert cookie.value.encode() not in b"".join(kept)


def test_strangers_do_not_lock_the_owner_out(
    app: APIFlask, session: Session, holder: Account
) -> None:
    owner, stranger = app.test_client(), app.test_client()
    right = {"username": "zhang", "password": PASSWORD}
    assert owner.post("/auth/password", data=right).status_code == 302
    for _ in range(PASSWORD_TRIES_PER_NAME):
        stranger.post("/auth/password", data=right | {"password": "wrong"})
    assert stranger.post("/auth/password", data=right).status_code == 429
    assert owner.post("/auth/password", data=right).status_code == 302
    # The owner's browser is no way around the limit either.
    for _ in range(PASSWORD_TRIES_PER_NAME):
        owner.post("/auth/password", data=right | {"password": "wrong"})
    assert owner.post("/auth/password", data=right).status_code == 429


def test_codes_are_limited_by_device(client: FlaskClient, sent: list[tuple[str, str]]) -> None:
    client.get("/auth/sign-in")
    asked = [
        client.post("/auth/code", data={"phone": make_phone()}).status_code
        for _ in range(CODES_PER_DEVICE_HOUR + 1)
    ]
    assert asked == [200] * CODES_PER_DEVICE_HOUR + [429]


def test_the_api_shows_and_changes_the_same(
    session: Session,
    client: FlaskClient,
    holder: Account,
    bearer: Callable[[UUID], dict[str, str]],
) -> None:
    headers, path = bearer(holder.id), "/api/v1/auth/security"
    shown = client.get(path, headers=headers).json
    assert shown
    assert shown["masked_phone"].startswith("120****")
    begun = client.post(f"{path}/totp", headers=headers).json
    assert begun
    code = pyotp.TOTP(begun["secret"]).at(clock.now())
    answer = client.post(f"{path}/totp/confirmation", json={"code": code}, headers=headers).json
    assert answer and len(answer["codes"]) == 10
    assert client.delete(f"{path}/totp", headers=headers).status_code == 204
    body = {"old_password": PASSWORD, "new_password": NEW, "repeated": NEW}
    assert client.put(f"{path}/password", json=body, headers=headers).status_code == 204
    assert client.get(f"{path}/sessions", headers=headers).status_code == 200


def test_staff_keep_their_last_factor(session: Session, signed_in: Browser) -> None:
    account = make_account(session, phone=make_phone(), roles={Role.ANALYST: ["990100"]})
    session.add(Totp(account_id=account.id, secret="x", confirmed_at=clock.now()))
    session.flush()
    browser = signed_in(account.id)
    browser.post("/auth/security/totp/remove")
    assert session.get(Totp, account.id) is not None
    account.password_hash = "a hash"
    session.flush()
    browser.post("/auth/security/totp/remove")
    session.expire_all()
    assert session.get(Totp, account.id) is None


@pytest.mark.parametrize(
    ("password", "fine"),
    [
        ("kangqiao-demo", True),
        ("九个字的密码不太够", False),
        ("password123456", False),
        ("PassWord!!2026", False),
        ("aaaaaaaaaaaa", False),
        ("12345678910", False),
        ("woaini1314520", False),
        ("zhang.wei2026", False),
        ("correct horse battery", True),
        ("password of my own cat", True),
    ],
)
def test_what_a_password_may_be(password: str, fine: bool) -> None:
    assert (passwords.weakness(password, ["zhang.wei", "张伟"]) is None) is fine


def test_what_names_no_device_is_news_each_time(
    client: FlaskClient, session: Session, sent: list[tuple[str, str]]
) -> None:
    """The API's callers keep no cookie; an account's very first sign-in is no news."""
    phone = make_phone()
    told = []
    for _ in range(3):
        asked = client.post("/api/v1/auth/codes", json={"phone": phone}).get_json()
        code = {"challenge_id": asked["challenge_id"], "code": sent[-1][1]}
        assert client.post("/api/v1/auth/tokens/code", json=code).status_code == 201
        told.append(session.scalar(select(func.count()).select_from(Notice)))
    assert told == [0, 1, 2]
    assert set(session.scalars(select(Notice.kind))) == {NoticeKind.NEW_DEVICE}


def test_codes_without_a_device_are_limited_by_address(
    client: FlaskClient, sent: list[tuple[str, str]]
) -> None:
    def ask(address: str) -> int:
        body, where = {"phone": make_phone()}, {"REMOTE_ADDR": address}
        return client.post("/api/v1/auth/codes", json=body, environ_base=where).status_code

    asked = [ask("203.0.113.5") for _ in range(CODES_PER_DEVICE_HOUR + 1)]
    assert asked == [202] * CODES_PER_DEVICE_HOUR + [429]
    assert ask("203.0.113.6") == 202
