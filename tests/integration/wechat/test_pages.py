"""Pages opened inside WeChat: the way there and back, binding a phone, and taking it off."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.assurance import FRESH
from auth.models import Account, Notice, SignInSession, WeChatIdentity, WeChatVisit
from auth.schemas import NoticeKind
from auth.services.wechat import bind_own
from auth.web import leftovers
from core import clock
from core.access import Actor, Role
from tests.factories.auth import make_account, make_phone
from tests.factories.wechat import (
    FIRST_PHONE,
    MINI_PROGRAM,
    OFFICIAL_ACCOUNT,
    Standin,
    wechat_standin,
)
from tests.integration.wechat.test_mini_program import bind_phone, code_of, sign_in, ticket_of
from wechat.schemas import App, WeChatUser

INSIDE = {"User-Agent": "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50"}
Browser = Callable[[UUID], FlaskClient]


def start(client: FlaskClient, wanted: str = "/me/") -> str:
    """WeChat's page, where the browser is sent."""
    answer = client.get("/auth/wechat/start", query_string={"next": wanted})
    assert answer.status_code == 303
    return answer.location


def come_back(client: FlaskClient, back: dict[str, str]) -> str:
    """Where the callback leads."""
    answer = client.get("/auth/wechat/callback", query_string=back)
    assert answer.status_code == 302
    return answer.location


def visit(client: FlaskClient, standin: Standin, person: str = "a", wanted: str = "/me/") -> str:
    """There and back; where it leads."""
    return come_back(client, standin.authorize(start(client, wanted), person))


def bind(client: FlaskClient, phone: str, sent: list[tuple[str, str]], wrong: int = 0) -> str:
    """Prove a phone on the pages; where it leads, "" where it stays."""
    page = client.post("/auth/wechat/phone", data={"phone": phone, "next": "/me/"})
    assert page.status_code == 200, page.location
    challenge = page.text.split('name="challenge_id" value="')[1].split('"')[0]
    code = f"{(int(sent[-1][1]) + wrong) % 1_000_000:06d}"
    form = {"challenge_id": challenge, "code": code, "phone": phone, "next": "/me/"}
    answer = client.post("/auth/wechat/phone/confirm", data=form)
    assert answer.status_code in (302, 422)
    return answer.location or ""


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me/").status_code == 200


def test_the_door_offers_wechat_inside_wechat_only(client: FlaskClient, standin: Standin) -> None:
    assert "/auth/wechat/start?next=" in client.get("/auth/sign-in", headers=INSIDE).text
    assert "/auth/wechat/start" not in client.get("/auth/sign-in").text
    assert "/auth/wechat/start" not in client.get("/auth/sign-in?who=staff", headers=INSIDE).text


def test_where_it_is_not_set_up_nothing_is_offered(
    client: FlaskClient, session: Session, signed_in: Browser
) -> None:
    assert "/auth/wechat/start" not in client.get("/auth/sign-in", headers=INSIDE).text
    assert client.get("/auth/wechat/start").status_code == 404
    assert "/auth/wechat" not in signed_in(make_account(session).id).get("/me/").text


def test_wechat_is_asked_for_the_least_by_default(client: FlaskClient) -> None:
    with wechat_standin(scope="snsapi_base"):
        address = urlsplit(start(client))
    assert address.path == "/connect/oauth2/authorize"
    assert address.fragment == "wechat_redirect"
    assert "scope=snsapi_base" in address.query
    assert f"appid={OFFICIAL_ACCOUNT[0]}" in address.query
    assert "%2Fauth%2Fwechat%2Fcallback" in address.query


def test_a_stranger_binds_a_phone_and_the_next_visit_is_direct(
    client: FlaskClient,
    app: APIFlask,
    session: Session,
    standin: Standin,
    sent: list[tuple[str, str]],
) -> None:
    phone = make_phone()
    assert visit(client, standin) == "/auth/wechat/phone?next=/me/"
    assert client.get("/auth/wechat/phone?next=/me/").status_code == 200
    assert bind(client, phone, sent, wrong=1) == ""
    assert bind(client, phone, sent) == "/me/"
    assert is_signed_in(client)
    assert session.scalars(select(Account)).one().phone == phone
    later = app.test_client()
    assert visit(later, standin) == "/me/"
    assert is_signed_in(later)
    methods = session.scalars(select(SignInSession.methods).order_by(SignInSession.id)).all()
    assert methods == [["wechat", "sms"], ["wechat"]]


def test_another_browser_inside_wechat_is_news(
    client: FlaskClient,
    app: APIFlask,
    session: Session,
    standin: Standin,
    sent: list[tuple[str, str]],
) -> None:
    """The mini-program keeps no cookie: by it the WeChat user is known again."""

    def told() -> int:
        news = Notice.kind == NoticeKind.NEW_DEVICE
        return session.scalar(select(func.count()).where(news)) or 0

    visit(client, standin)
    bind(client, make_phone(), sent)
    assert told() == 0
    for count in (1, 2):
        visit(app.test_client(), standin)
        assert told() == count
    for _ in range(2):
        sign_in(client, standin.codes()[0])
    assert told() == 3


def test_the_union_id_joins_both_applications(
    client: FlaskClient, session: Session, standin: Standin
) -> None:
    bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    assert visit(client, standin) == "/me/"
    joined = session.scalars(select(WeChatIdentity).order_by(WeChatIdentity.created_at)).all()
    assert [row.app for row in joined] == ["mini_program", "official_account"]
    assert len({row.account_id for row in joined}) == 1


def test_two_accounts_of_one_person_are_never_merged(
    client: FlaskClient, app: APIFlask, session: Session, sent: list[tuple[str, str]]
) -> None:
    phone = make_phone()
    with wechat_standin(scope="snsapi_base") as standin:
        visit(client, standin)
        assert bind(client, phone, sent) == "/me/"
        other = bind_phone(client, ticket_of(client, standin), standin.codes()[1])
        assert other.status_code == 201
    with wechat_standin() as standin:  # now WeChat tells that they are one person
        later = app.test_client()
        door = visit(later, standin)
        assert door.startswith("/auth/sign-in")
        assert "不会自动合并" in later.get(door).text
        assert not is_signed_in(later)
        assert sign_in(client, standin.codes()[0]).status_code == 201
    accounts = session.scalars(select(WeChatIdentity.account_id)).all()
    assert len(set(accounts)) == 2


def test_an_union_id_that_wechat_tells_later_is_kept(
    client: FlaskClient, app: APIFlask, session: Session, sent: list[tuple[str, str]]
) -> None:
    with wechat_standin(scope="snsapi_base") as standin:
        visit(client, standin)
        bind(client, make_phone(), sent)
        assert session.scalars(select(WeChatIdentity.unionid)).one() is None
    with wechat_standin() as standin:
        assert visit(app.test_client(), standin) == "/me/"
        assert session.scalars(select(WeChatIdentity.unionid)).one()
        assert sign_in(client, standin.codes()[0]).get_json()["signed_in"]


# The callback: twice, late, forged, in another browser


def test_a_callback_works_once(client: FlaskClient, app: APIFlask, standin: Standin) -> None:
    bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    back = standin.authorize(start(client))
    assert come_back(client, back) == "/me/"
    assert come_back(client, back) == "/"  # reloaded: still signed in, nothing done
    client.post("/auth/sign-out")
    assert come_back(client, back).startswith("/auth/sign-in")
    assert not is_signed_in(client)


def test_a_late_callback_is_refused(client: FlaskClient, standin: Standin) -> None:
    back = standin.authorize(start(client))
    with clock.shifted(timedelta(minutes=11)):
        door = come_back(client, back)
    assert "已失效" in client.get(door).text


@pytest.mark.parametrize("forged", [{}, {"state": "0" * 64}, {"state": ""}, {"code": "x"}])
def test_a_forged_callback_is_refused_without_asking_wechat(
    client: FlaskClient, standin: Standin, forged: dict[str, str]
) -> None:
    start(client)
    assert come_back(client, {"code": "made-up"} | forged).startswith("/auth/sign-in")
    assert "access_token" not in standin.calls()


def test_a_callback_of_another_browser_is_refused(
    client: FlaskClient, app: APIFlask, session: Session, standin: Standin
) -> None:
    """A stranger who sends their own callback to somebody does not sign them in as themself."""
    back = standin.authorize(start(client))
    victim = app.test_client()
    start(victim)
    assert come_back(victim, back).startswith("/auth/sign-in")
    assert session.scalars(select(WeChatVisit.used_at)).all() == [None, None]


def test_a_bad_code_and_a_busy_wechat_lead_back_to_the_door(
    client: FlaskClient, standin: Standin
) -> None:
    back = standin.authorize(start(client)) | {"code": "made-up"}
    assert "无效或已过期" in client.get(come_back(client, back)).text
    standin.trouble(busy=2)
    assert "暂时没有响应" in client.get(visit(client, standin)).text


def test_whoever_declines_is_led_back_to_the_door(client: FlaskClient, standin: Standin) -> None:
    back = standin.authorize(start(client), person="")
    assert set(back) == {"state"}
    assert "没有同意" in client.get(come_back(client, back)).text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_the_way_back_never_leads_to_another_site(
    client: FlaskClient, standin: Standin, target: str
) -> None:
    bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    assert visit(client, standin, wanted=target) == "/"


def test_who_holds_a_role_is_told_at_the_door(
    client: FlaskClient, session: Session, standin: Standin, sent: list[tuple[str, str]]
) -> None:
    make_account(session, phone=FIRST_PHONE, roles={Role.ANALYST: ["990100"]})
    visit(client, standin)
    door = bind(client, FIRST_PHONE, sent)
    assert "用户名和密码" in client.get(door).text
    assert not is_signed_in(client)


def test_without_a_ticket_no_sms_is_sent(
    client: FlaskClient, standin: Standin, sent: list[tuple[str, str]]
) -> None:
    assert client.get("/auth/wechat/phone").location.startswith("/auth/sign-in")
    assert client.post("/auth/wechat/phone", data={"phone": make_phone()}).status_code == 422
    assert sent == []


# The account's page


def test_own_wechat_is_joined_listed_and_taken_off(
    session: Session, standin: Standin, signed_in: Browser, client: FlaskClient
) -> None:
    account = make_account(session, phone=make_phone())
    browser = signed_in(account.id)
    assert "/auth/wechat" in browser.get("/me/").text
    empty = browser.get("/auth/wechat", headers=INSIDE)
    assert "还没有绑定微信" in empty.text
    assert f"form-action 'self' {standin.url};" in empty.headers["Content-Security-Policy"]
    address = browser.post("/auth/wechat/bind").location
    assert come_back(browser, standin.authorize(address)) == "/auth/wechat"
    page = browser.get("/auth/wechat", headers=INSIDE).text
    assert "微信里打开的网页" in page
    assert "绑定现在这个微信" not in page
    assert visit(client, standin) == "/me/"
    identity = session.scalars(select(WeChatIdentity)).one()
    form = {"identity_id": str(identity.id)}
    assert browser.post("/auth/wechat/unbind", data=form).status_code == 303
    assert is_signed_in(browser)
    assert not is_signed_in(client)


def test_a_session_opened_by_wechat_ends_with_its_own_unbinding(
    client: FlaskClient, session: Session, standin: Standin, sent: list[tuple[str, str]]
) -> None:
    visit(client, standin)
    bind(client, make_phone(), sent)
    identity = session.scalars(select(WeChatIdentity)).one()
    client.post("/auth/wechat/unbind", data={"identity_id": str(identity.id)})
    assert not is_signed_in(client)


def test_joining_wants_a_fresh_proof(
    session: Session, standin: Standin, signed_in: Browser
) -> None:
    browser = signed_in(make_account(session, phone=make_phone()).id)
    begun = standin.authorize(browser.post("/auth/wechat/bind").location)
    old = clock.now() - FRESH - timedelta(seconds=1)
    session.execute(update(SignInSession).values(authenticated_at=old))
    asked = browser.post("/auth/wechat/bind")
    assert asked.status_code == 303
    assert asked.location == "/auth/step-up?next=/auth/wechat"
    assert browser.get(asked.location).status_code == 200
    come_back(browser, begun)
    assert session.scalars(select(WeChatIdentity)).all() == []


def test_joining_is_for_the_account_that_asked(
    session: Session, standin: Standin, signed_in: Browser
) -> None:
    browser = signed_in(make_account(session).id)
    back = standin.authorize(browser.post("/auth/wechat/bind").location)
    browser.post("/auth/sign-out")
    come_back(browser, back)
    assert session.scalars(select(WeChatIdentity)).all() == []


def test_joining_cannot_be_forged_by_a_link(
    app: APIFlask, session: Session, standin: Standin, signed_in: Browser
) -> None:
    browser = signed_in(make_account(session).id)
    assert browser.get("/auth/wechat/bind").status_code == 405
    assert browser.get("/auth/wechat/start?next=/me/").location == "/me/"
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert browser.post("/auth/wechat/bind").status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_what_is_taken_is_said_on_the_page(
    client: FlaskClient, session: Session, standin: Standin, signed_in: Browser
) -> None:
    bind_phone(client, ticket_of(client, standin), standin.codes()[1])
    browser = signed_in(make_account(session, phone=make_phone()).id)
    address = browser.post("/auth/wechat/bind").location
    come_back(browser, standin.authorize(address))
    assert "已绑定另一个账号" in browser.get("/auth/wechat").text


def test_the_page_is_within_eight_statements(
    session: Session,
    standin: Standin,
    signed_in: Browser,
    count_statements: Callable[[], object],
) -> None:
    account = make_account(session, phone=make_phone())
    for app, (app_id, _) in zip(App, (MINI_PROGRAM, OFFICIAL_ACCOUNT), strict=True):
        user = WeChatUser(app=app, app_id=app_id, openid=app_id, unionid="u")
        bind_own(session, Actor(account.id), user)
    session.flush()
    browser = signed_in(account.id)
    with count_statements() as counted:  # type: ignore[attr-defined]
        assert browser.get("/auth/wechat").status_code == 200
    assert len(counted) <= 8, counted.statements


def test_the_browsers_secret_and_the_ticket_stay_in_its_cookie(
    client: FlaskClient, standin: Standin
) -> None:
    visit(client, standin)
    page = client.get("/auth/wechat/phone").text
    with client.session_transaction() as cookie:
        assert cookie[leftovers.WECHAT_TICKET] not in page
        assert cookie[leftovers.WECHAT_BROWSER] not in page


def test_codes_of_one_application_are_none_of_the_other(
    client: FlaskClient, standin: Standin
) -> None:
    back = standin.authorize(start(client))
    assert code_of(sign_in(client, back["code"])) == (422, "wechat_code")
