"""The client against the stand-in, over loopback: tokens, refusals, and answers of no sense."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask, Response
from pydantic import SecretStr
from sqlalchemy.orm import Session

from core import clock
from core.errors import Invalid, PortalError, Unavailable
from standins.server import serving
from tests.factories.wechat import FIRST_PHONE, Standin, client_for, wechat_standin
from wechat.client import WeChat
from wechat.schemas import App
from wechat.services import FetchedToken, access_token

HOUR = timedelta(hours=1)


@pytest.fixture
def weixin(session: Session, standin: Standin) -> WeChat:
    """The portal's client."""
    return client_for(standin.url)


def refused(call: object, *arguments: str) -> str:
    with pytest.raises(PortalError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.code


def test_a_login_code_tells_who_it_is(weixin: WeChat, standin: Standin) -> None:
    user = weixin.mini_program_user(standin.codes()[0])
    assert (user.app, len(user.openid), len(user.unionid or "")) == (App.MINI_PROGRAM, 28, 28)
    assert weixin.mini_program_user(standin.codes()[0]) == user
    assert "stable_token" not in standin.calls()  # code2Session needs none


def test_the_access_token_is_fetched_once(weixin: WeChat, standin: Standin) -> None:
    for _ in range(3):
        assert weixin.phone_number(standin.codes()[1]) == FIRST_PHONE
    assert standin.calls()["stable_token"] == 1


@pytest.mark.parametrize("how", ["expire_tokens", "replace_tokens"])
def test_a_stale_token_is_refreshed_once(weixin: WeChat, standin: Standin, how: str) -> None:
    weixin.phone_number(standin.codes()[1])
    standin.trouble(**{how: True})
    assert weixin.phone_number(standin.codes()[1]) == FIRST_PHONE
    calls = standin.calls()
    assert (calls["stable_token"], calls["getuserphonenumber"]) == (2, 3)


def test_a_token_is_replaced_before_it_ends(weixin: WeChat, standin: Standin) -> None:
    weixin.phone_number(standin.codes()[1])
    with clock.shifted(timedelta(minutes=116)):
        weixin.phone_number(standin.codes()[1])
    assert standin.calls()["stable_token"] == 2


def test_a_token_that_wechat_refuses_and_gives_again_is_replaced_by_force(
    session: Session,
) -> None:
    asked: list[bool] = []

    def fetch(replace: bool) -> FetchedToken:
        asked.append(replace)
        return FetchedToken("new" if replace else "old", HOUR)

    assert access_token("app", fetch) == "old"
    assert access_token("app", fetch) == "old"
    assert access_token("app", fetch, stale="old") == "new"
    assert access_token("app", fetch, stale="old") == "new"
    assert asked == [False, False, True]


def test_a_token_that_stays_stale_is_not_tried_for_ever(session: Session) -> None:
    calls: list[str] = []
    app = Flask("stale")

    @app.post("/wxa/business/getuserphonenumber")
    def phone() -> dict[str, object]:
        calls.append("phone")
        return {"errcode": 40001, "errmsg": "invalid credential"}

    @app.post("/cgi-bin/stable_token")
    def token() -> dict[str, object]:
        calls.append("token")
        return {"access_token": f"t{len(calls)}", "expires_in": 7200}

    with serving(app) as url:
        assert refused(client_for(url).phone_number, "code") == "wechat_unavailable"
    assert calls == ["token", "phone", "token", "phone"]


def test_busy_is_tried_once_more(weixin: WeChat, standin: Standin) -> None:
    standin.trouble(busy=1)
    assert weixin.mini_program_user(standin.codes()[0])
    standin.trouble(busy=2)
    assert refused(weixin.mini_program_user, standin.codes()[0]) == "wechat_unavailable"


def test_a_wrong_id_or_secret_of_ours_is_no_fault_of_theirs(
    session: Session, standin: Standin
) -> None:
    for wrong in (
        {"wechat_mini_program_secret": SecretStr("wrong")},
        {"wechat_mini_program_id": "wx-unknown"},
    ):
        weixin = client_for(standin.url, **wrong)
        assert refused(weixin.mini_program_user, standin.codes()[0]) == "wechat_unavailable"
        assert refused(weixin.phone_number, standin.codes()[1]) == "wechat_unavailable"


def test_what_is_not_set_up_is_refused(standin: Standin) -> None:
    weixin = client_for(standin.url, wechat_mini_program_id="", wechat_official_account_id="")
    assert not weixin.is_offered
    assert refused(weixin.mini_program_user, "x") == "wechat_not_offered"
    assert refused(weixin.authorize_url, "x", "y") == "wechat_not_offered"


def test_the_union_id_comes_with_the_wider_scope_only(session: Session) -> None:
    found = []
    for scope in ("snsapi_base", "snsapi_userinfo"):
        with wechat_standin(scope=scope) as standin:
            weixin = client_for(standin.url, wechat_official_account_scope=scope)
            address = weixin.authorize_url("http://127.0.0.1:8000/auth/wechat/callback", "s")
            found.append(weixin.official_account_user(standin.authorize(address)["code"]))
    assert [user.unionid is None for user in found] == [True, False]
    assert found[0].openid == found[1].openid


@pytest.fixture(params=["garbage", "500", "empty", "list"])
def broken(request: pytest.FixtureRequest) -> Iterator[str]:
    """Something in WeChat's place that answers what WeChat never does."""
    answers = {
        "garbage": ("<html>", 200),
        "500": ("{}", 500),
        "empty": ("{}", 200),
        "list": ("[]", 200),
    }
    body, status = answers[request.param]
    app = Flask("broken")
    for rule in ("/sns/<path:rest>", "/cgi-bin/<path:rest>"):
        app.add_url_rule(rule, rule, lambda rest: Response(body, status), methods=["GET", "POST"])
    with serving(app) as url:
        yield url


def test_an_answer_that_is_none_of_wechats_is_no_crash(session: Session, broken: str) -> None:
    weixin = client_for(broken)
    for call in (weixin.mini_program_user, weixin.official_account_user, weixin.phone_number):
        assert refused(call, "x") == "wechat_unavailable"


def test_nobody_listening_is_said_clearly(session: Session) -> None:
    with pytest.raises(Unavailable):
        client_for("http://127.0.0.1:9").mini_program_user("x")


def test_a_snapshot_page_is_no_sign_in() -> None:
    app = Flask("snapshot")
    answer = {"access_token": "t", "expires_in": 1, "refresh_token": "r", "openid": "o"}
    app.add_url_rule("/sns/oauth2/access_token", "token", lambda: answer | {"is_snapshotuser": 1})
    with serving(app) as url, pytest.raises(Invalid) as caught:
        client_for(url).official_account_user("x")
    assert caught.value.code == "wechat_snapshot"
