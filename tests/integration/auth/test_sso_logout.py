"""Applications are told when a session ends (OpenID Connect Back-Channel Logout 1.0)."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask import Flask, Response, request
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from auth.jobs import end_sessions_that_are_over, tell_application
from auth.models import Account, Client, LogoutNotice, SignInSession, Token
from auth.oidc import backchannel
from auth.queries.actors import actor_of_session
from auth.schemas import NoticeKind
from auth.services import wechat
from auth.services.accounts import end_sign_ins
from auth.services.authorization_codes import Asked, Presented, issue_code, redeem_code
from auth.services.device import begin_device, let_device_in, redeem_device_code
from auth.services.logout import end_sessions
from auth.services.refresh import open_family, rotate
from auth.services.sign_in import Origin
from auth.services.signing import read_own_token
from auth.services.tokens import Granted
from core import clock, outgoing
from core.access import Actor, Role
from core.database import transaction
from core.errors import Unavailable
from core.ids import new_id
from core.jobs import MOST_ATTEMPTS
from core.settings import Environment, settings
from standins.server import serving
from tests.factories.auth import make_account, open_browser_session
from tests.factories.directory import COUNTY
from tests.factories.dripping import BODY, HEADERS, dripping
from tests.factories.identities import join_wechat
from tests.factories.sso import REDIRECT_URI, RelyingParty, make_client
from tests.integration.auth.recovering import sent
from wechat.schemas import App, WeChatUser

__all__ = ["sent"]
Browser = Callable[[UUID], FlaskClient]
GRANTS = ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
SECURITY = "/auth/security"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Listener:
    """An application's back channel: what it heard, and how it answers."""

    url: str = ""
    status: int = 200
    heard: list[str] = field(default_factory=list)

    def app(self) -> Flask:
        app = Flask("listener")
        app.add_url_rule("/logout", view_func=self.listen, methods=["POST"])
        app.add_url_rule("/elsewhere", view_func=self.listen, methods=["GET", "POST"])
        return app

    def listen(self) -> Response:
        self.heard.append(request.form.get("logout_token", ""))
        return Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
def listener(session: Session) -> Iterator[Listener]:
    """A listening application, registered as "clinic"; it may refresh."""
    heard = Listener()
    with serving(heard.app()) as heard.url:
        make_client(
            session,
            backchannel_logout_uri=f"{heard.url}/logout",
            grants=["authorization_code", "refresh_token"],
        )
        yield heard


@pytest.fixture
def browser(listener: Listener, account: Account, signed_in: Browser) -> FlaskClient:
    """A resident's browser."""
    return signed_in(account.id)


def read(client: FlaskClient, token: str) -> Any:
    keys = KeySet.import_key_set(client.get("/.well-known/jwks.json").get_json())
    return jwt.decode(token, keys, algorithms=["ES256", "RS256"])


def test_signing_out_tells_the_application(
    browser: FlaskClient, client: FlaskClient, listener: Listener, run_jobs: Callable[[], int]
) -> None:
    rp = RelyingParty()
    signed_in = rp.claims(client, rp.tokens(client, browser)["id_token"])
    out = browser.post("/auth/sign-out")
    assert out.location == "/auth/signed-out"
    page = browser.get("/auth/signed-out")
    assert "示例诊所" in page.text
    assert "正在通知" in page.text
    assert 'hx-trigger="every 2s"' in page.text
    assert run_jobs() == 1
    told = read(client, *listener.heard)
    assert (told.header["typ"], told.header["alg"]) == ("logout+jwt", "ES256")
    claims = dict(told.claims)
    for name in ("iss", "aud", "sub", "sid"):
        assert claims[name] == signed_in[name]
    # It is no ID token, though the same key signed it: it signs nobody out here.
    with transaction() as session:
        assert read_own_token(session, listener.heard[0]) is None
    assert claims["events"] == {EVENT: {}}
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert claims["jti"]
    assert "nonce" not in claims
    after = browser.get("/auth/signed-out/applications")
    assert ">已退出<" in after.text
    assert "hx-trigger" not in after.text
    assert client.get("/auth/signed-out").location == "/auth/sign-in"  # another browser


def test_who_ends_a_session_elsewhere_sees_which_applications_know(
    browser: FlaskClient,
    client: FlaskClient,
    session: Session,
    account: Account,
    app: APIFlask,
    listener: Listener,
    run_jobs: Callable[[], int],
) -> None:
    RelyingParty().tokens(client, browser)
    card = "随登录一起退出的应用"
    mine, others = app.test_client(), app.test_client()
    for each, whose in ((mine, account.id), (others, make_account(session).id)):
        token = open_browser_session(session, whose)
        with each.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
    assert card not in mine.get(SECURITY).text
    mine.post(f"{SECURITY}/sessions/end-others")
    page = mine.get(SECURITY).text
    assert (card in page, "示例诊所" in page, "正在通知" in page) == (True, True, True)
    assert "hx-trigger" not in page
    run_jobs()
    assert ">已退出<" in mine.get(SECURITY).text
    assert card not in others.get(SECURITY).text


def test_an_application_that_wants_no_notices_any_more_is_not_waited_for(
    browser: FlaskClient, client: FlaskClient, session: Session, listener: Listener
) -> None:
    RelyingParty().tokens(client, browser)
    browser.post("/auth/sign-out")
    session.execute(update(Client).values(backchannel_logout_uri=None))
    tell_application(str(session.scalars(select(LogoutNotice.id)).one()))
    assert "hx-trigger" not in browser.get("/auth/signed-out/applications").text
    assert browser.get("/auth/signed-out").location == "/auth/sign-in"
    assert listener.heard == []


def test_an_application_signs_out_and_hears_of_it(
    browser: FlaskClient, client: FlaskClient, listener: Listener, run_jobs: Callable[[], int]
) -> None:
    rp = RelyingParty()
    hint = rp.tokens(client, browser)["id_token"]
    out = browser.get("/oauth/end-session", query_string={"id_token_hint": hint})
    assert out.location == "/auth/signed-out"
    run_jobs()
    assert len(listener.heard) == 1


def test_an_idle_session_of_staff_ends_at_the_application_too(
    app: APIFlask,
    session: Session,
    client: FlaskClient,
    listener: Listener,
    run_jobs: Callable[[], int],
) -> None:
    staff = make_account(session, roles={Role.ADMINISTRATOR: [COUNTY]})
    resident = make_account(session)
    for account in (staff, resident):
        browser = app.test_client()
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = open_browser_session(session, account.id)
            cookie["_fresh"] = True
        RelyingParty().tokens(client, browser)
    for minutes, told in ((20, 0), (40, 1), (45, 1), (13 * 60, 2)):
        with clock.shifted(timedelta(minutes=minutes)):
            end_sessions_that_are_over()
            run_jobs()
        assert len(listener.heard) == told


def test_ending_all_sign_ins_tells_for_each_session(
    session: Session,
    listener: Listener,
    client: FlaskClient,
    signed_in: Browser,
    account: Account,
    run_jobs: Callable[[], int],
) -> None:
    for _ in range(2):
        RelyingParty().tokens(client, signed_in(account.id))
    signed_in(account.id)  # a session without this application
    end_sign_ins(session, account.id)
    session.commit()
    assert run_jobs() == 2
    sids = {read(client, token).claims["sid"] for token in listener.heard}
    assert len(sids) == 2
    end_sign_ins(session, account.id)
    assert run_jobs() == 0


def test_parting_a_wechat_tells_too(
    session: Session,
    listener: Listener,
    client: FlaskClient,
    app: APIFlask,
    account: Account,
    run_jobs: Callable[[], int],
    sent: list[tuple[str, str]],
) -> None:
    """Also what the application holds offline ends: whoever opened it may not be the owner."""
    session.get_one(Client, "clinic").scopes = ["openid", "profile", "offline_access"]
    user = WeChatUser(app=App.MINI_PROGRAM, app_id="wx1", openid="somebody", unionid=None)
    identity = join_wechat(session, account.id, user)
    entered = wechat.sign_in(session, user, Origin("192.0.2.1")).signed_in
    session.commit()
    assert entered is not None
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie.update({"_user_id": entered.token, "_fresh": True})
    rp = RelyingParty(scope="openid profile offline_access")
    offline = rp.tokens(client, browser)["refresh_token"]
    form = {"identity_id": str(identity.id)}
    assert browser.post("/auth/wechat/unbind", data=form).status_code == 303
    run_jobs()
    assert len(listener.heard) == 1
    assert rp.refresh(client, offline).status_code == 400
    assert (account.phone, NoticeKind.WECHAT_PARTED) in sent


def test_nobody_is_told_who_had_nothing_or_wants_nothing(
    session: Session, browser: FlaskClient, client: FlaskClient, run_jobs: Callable[[], int]
) -> None:
    make_client(session, "silent")
    RelyingParty("silent").tokens(client, browser)
    assert browser.post("/auth/sign-out").location == "/auth/sign-in"
    assert run_jobs() == 0


def test_an_application_that_does_not_answer_is_told_again(
    session: Session, browser: FlaskClient, client: FlaskClient, listener: Listener
) -> None:
    RelyingParty().tokens(client, browser)
    browser.post("/auth/sign-out")
    notice_id = str(session.scalars(select(LogoutNotice.id)).one())
    for listener.status in (500, 400, 302):
        with pytest.raises(Unavailable):
            tell_application(notice_id)
    assert len(listener.heard) == 3  # the redirect was not followed
    assert "还没有回应，会继续通知" in browser.get("/auth/signed-out").text
    for _ in range(MOST_ATTEMPTS - 3):
        with pytest.raises(Unavailable):
            tell_application(notice_id)
    gone = browser.get("/auth/signed-out")
    assert "没有回应，请到该应用里退出" in gone.text
    assert "hx-trigger" not in gone.text
    listener.status = 204
    tell_application(notice_id)
    tell_application(notice_id)  # twice is once
    assert len(listener.heard) == MOST_ATTEMPTS + 1
    assert ">已退出<" in browser.get("/auth/signed-out").text
    jtis = {read(client, token).claims["jti"] for token in listener.heard}
    assert len(jtis) == len(listener.heard)


def test_an_application_that_is_down_is_told_again(
    session: Session, client: FlaskClient, signed_in: Browser, account: Account
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    make_client(session, backchannel_logout_uri=f"http://127.0.0.1:{port}/logout")
    browser = signed_in(account.id)
    RelyingParty().tokens(client, browser)
    browser.post("/auth/sign-out")
    with pytest.raises(Unavailable):
        tell_application(str(session.scalars(select(LogoutNotice.id)).one()))


def test_production_never_calls_itself_or_its_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    production = settings().model_copy(update={"environment": Environment.PRODUCTION})
    monkeypatch.setattr(outgoing, "settings", lambda: production)
    refused = [(0, 0, 0, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: refused)
    reached: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: reached.append(address))
    for address in ("https://inside.example/logout", "http://clinic.example/logout"):
        assert not backchannel.deliver(backchannel.Call(new_id(), address, "token"))
    assert not reached


@pytest.mark.parametrize("after", [HEADERS, BODY], ids=["headers", "body"])
def test_an_application_that_drips_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, after: bytes
) -> None:
    monkeypatch.setattr(backchannel, "PATIENCE_SECONDS", 0.6)
    began = time.monotonic()
    with dripping(after) as port:
        call = backchannel.Call(new_id(), f"http://127.0.0.1:{port}/logout", "token")
        # Of its answer the status counts, and that comes before the body.
        assert backchannel.deliver(call) is (after == BODY)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("by", ["code", "device", "refresh"])
def test_an_exchange_under_way_is_waited_for_and_told(
    by: str, app: APIFlask, committed_database: Engine
) -> None:
    """Its token is there only with its commit, and whoever ends the session has to see it."""
    with transaction() as session:
        make_client(session, backchannel_logout_uri="https://clinic.example/logout", grants=GRANTS)
        token = open_browser_session(session, make_account(session).id)
        actor = actor_of_session(session, token)
        assert actor is not None
        which = SignInSession.id == actor.session_id
        redeem = _ready_to_redeem(session, actor, by)

    def sign_out() -> None:
        with transaction() as other:
            end_sessions(other, which)

    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            assert isinstance(redeem(session), Granted)
            ending = pool.submit(sign_out)
            with pytest.raises(TimeoutError):
                ending.result(timeout=0.5)
        ending.result(timeout=30)
    with transaction() as session:
        assert session.scalars(select(LogoutNotice.client_id)).all() == ["clinic"]
        assert None not in session.scalars(select(Token.ended_at)).all()
        assert not isinstance(redeem(session), Granted)


def _ready_to_redeem(session: Session, actor: Actor, by: str) -> Callable[[Session], object]:
    """What an application holds in the actor's session, as one statement makes a token of it."""
    if by == "device":
        codes = begin_device(session, "clinic", "openid")
        let_device_in(session, actor, codes.user_code)
        return lambda work: redeem_device_code(work, codes.device_code, "clinic")
    issue_code(session, actor, "clinic", Asked(REDIRECT_URI, "openid", "challenge"), "the code")
    presented = Presented("the code", "clinic", REDIRECT_URI, "challenge")
    if by == "code":
        return lambda work: redeem_code(work, presented)
    granted = redeem_code(session, presented)
    assert granted is not None
    first = open_family(session, granted)
    return lambda work: rotate(work, first, "clinic", None)
