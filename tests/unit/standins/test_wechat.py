"""WeChat's platform: what it gives, refuses and limits."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from standins.app import create_app
from standins.wechat.errors import MESSAGES
from tests.unit.standins.conftest import config

MINI = {"appid": "wx-mini", "secret": "mini-secret"}
OFFICIAL = {"appid": "wx-official", "secret": "official-secret"}
BACK = "http://127.0.0.1:8000/auth/wechat/callback"
OWNER = {"Authorization": "Bearer mini-secret"}


@pytest.fixture
def make() -> Callable[..., FlaskClient]:
    """A platform with other settings."""

    def client(**changes: object) -> FlaskClient:
        ids = {
            "wechat_mini_program_id": MINI["appid"],
            "wechat_mini_program_secret": MINI["secret"],
            "wechat_official_account_id": OFFICIAL["appid"],
            "wechat_official_account_secret": OFFICIAL["secret"],
        }
        return create_app(config(**(ids | changes))).test_client()

    return client


@pytest.fixture
def web(make: Callable[..., FlaskClient]) -> FlaskClient:
    return make()


def codes(web: FlaskClient, person: str = "a") -> tuple[str, str]:
    page = web.post("/wechat/", data={"person": person}).text
    login, phone = (part.split("</code>")[0] for part in page.split("<code>")[1:3])
    return login, phone


def session_of(web: FlaskClient, code: str, **changes: str) -> dict[str, Any]:
    query = {**MINI, "js_code": code, "grant_type": "authorization_code"} | changes
    return dict(web.get("/sns/jscode2session", query_string=query).get_json())


def stable_token(web: FlaskClient, **changes: object) -> dict[str, Any]:
    body = {**MINI, "grant_type": "client_credential"} | changes
    return dict(web.post("/cgi-bin/stable_token", json=body).get_json())


def phone_of(web: FlaskClient, token: str, code: str) -> dict[str, Any]:
    address = f"/wxa/business/getuserphonenumber?access_token={token}"
    return dict(web.post(address, json={"code": code}).get_json())


def authorize_query(**changes: str) -> dict[str, str]:
    asked = {
        "appid": OFFICIAL["appid"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "snsapi_base",
        "state": "s1",
    }
    return asked | changes


def authorize(web: FlaskClient, person: str = "a", **changes: str) -> dict[str, list[str]]:
    answer = web.post(
        "/connect/oauth2/authorize",
        query_string=authorize_query(**changes),
        data={"person": person},
    )
    assert answer.location.startswith(BACK)
    return parse_qs(urlsplit(answer.location).query)


def test_a_login_code_gives_both_ids_and_a_session_key(web: FlaskClient) -> None:
    first, again = session_of(web, codes(web)[0]), session_of(web, codes(web)[0])
    assert set(first) == {"openid", "unionid", "session_key"}
    assert (first["openid"], first["unionid"]) == (again["openid"], again["unionid"])
    assert first["session_key"] != again["session_key"]
    assert session_of(web, codes(web, "b")[0])["openid"] != first["openid"]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"appid": "wx-other"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"grant_type": "password"}, 40002),
        ({"js_code": ""}, 41008),
        ({"js_code": "nothing"}, 40029),
    ],
)
def test_what_does_not_fit_has_wechats_code(
    web: FlaskClient, changes: dict[str, str], errcode: int
) -> None:
    answer = session_of(web, codes(web)[0], **changes)
    assert answer == {"errcode": errcode, "errmsg": MESSAGES[errcode]}


def test_codes_work_once_for_their_own_use_and_for_five_minutes(
    web: FlaskClient, make: Callable[..., FlaskClient]
) -> None:
    login, phone = codes(web)
    assert session_of(web, phone)["errcode"] == 40029
    assert "openid" in session_of(web, login)
    assert session_of(web, login)["errcode"] == 40163
    late = make(wechat_code_seconds=0)
    assert session_of(late, codes(late)[0])["errcode"] == 40029


def test_a_risky_user_and_too_many_calls_are_refused(
    web: FlaskClient, make: Callable[..., FlaskClient]
) -> None:
    assert session_of(web, codes(web, "risky")[0])["errcode"] == 40226
    strict = make(wechat_per_minute=2)
    results = [session_of(strict, codes(strict)[0]).get("errcode") for _ in range(3)]
    assert results == [None, None, 45011]
    assert "openid" in session_of(strict, codes(strict, "b")[0])


def test_the_stable_token_is_the_same_until_it_is_replaced(
    make: Callable[..., FlaskClient],
) -> None:
    web = make(wechat_replace_seconds=0)
    first = stable_token(web)
    assert stable_token(web)["access_token"] == first["access_token"]
    assert 0 < first["expires_in"] <= 7200
    replaced = stable_token(web, force_refresh=True)
    assert replaced["access_token"] != first["access_token"]
    assert phone_of(web, first["access_token"], codes(web)[1])["errcode"] == 40001
    assert phone_of(web, replaced["access_token"], codes(web)[1])["errcode"] == 0


def test_replacing_is_limited(web: FlaskClient, make: Callable[..., FlaskClient]) -> None:
    stable_token(web)
    first = stable_token(web, force_refresh=True)
    assert stable_token(web, force_refresh=True)["access_token"] == first["access_token"]
    often = make(wechat_replace_seconds=0)
    stable_token(often)
    answers = [stable_token(often, force_refresh=True).get("errcode") for _ in range(21)]
    assert answers == [None] * 20 + [45009]


def test_a_token_makes_room_in_its_last_minutes(make: Callable[..., FlaskClient]) -> None:
    web = make(wechat_token_seconds=200)
    first, second = stable_token(web), stable_token(web)
    assert first["access_token"] != second["access_token"]
    for token in (first, second):
        assert phone_of(web, token["access_token"], codes(web)[1])["errcode"] == 0


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"grant_type": "x"}, 40002),
        ({"secret": "wrong"}, 40125),
        ({"appid": "x"}, 40013),
        ({"secret": 7}, 41004),
    ],
)
def test_a_token_is_for_the_owner(
    web: FlaskClient, changes: dict[str, object], errcode: int
) -> None:
    assert stable_token(web, **changes)["errcode"] == errcode


def test_the_token_is_posted_for_as_json(web: FlaskClient) -> None:
    assert web.get("/cgi-bin/stable_token").get_json()["errcode"] == 43002
    assert web.post("/cgi-bin/stable_token", data="x").get_json()["errcode"] == 47001
    assert web.post("/cgi-bin/stable_token", data="[]").get_json()["errcode"] == 47001


def test_a_phone_code_gives_the_verified_phone(make: Callable[..., FlaskClient]) -> None:
    web = make(wechat_phone="12012345678")
    token = stable_token(web)["access_token"]
    code = codes(web)[1]
    answer = phone_of(web, token, code)
    info = answer["phone_info"]
    assert (answer["errcode"], info["purePhoneNumber"], info["countryCode"]) == (
        0,
        "12012345678",
        "86",
    )
    assert info["watermark"]["appid"] == MINI["appid"]
    assert phone_of(web, token, code)["errcode"] == 40163
    assert phone_of(web, token, "")["errcode"] == 41008
    assert phone_of(web, "", codes(web)[1])["errcode"] == 41001
    assert phone_of(web, "made up", codes(web)[1])["errcode"] == 40001
    abroad = phone_of(web, token, codes(web, "abroad")[1])["phone_info"]
    assert (abroad["phoneNumber"], abroad["countryCode"]) == ("15550100", "1")


def test_troubles_can_be_switched_on(web: FlaskClient) -> None:
    token = stable_token(web)["access_token"]
    web.put("/wechat/switches", json={"expire_tokens": True}, headers=OWNER)
    assert phone_of(web, token, codes(web)[1])["errcode"] == 42001
    web.put("/wechat/switches", json={"busy": 1}, headers=OWNER)
    assert session_of(web, codes(web)[0])["errcode"] == -1
    assert "openid" in session_of(web, codes(web)[0])
    assert web.get("/wechat/switches", headers=OWNER).get_json()["jscode2session"] == 2
    assert web.get("/wechat/switches").status_code == 401


@pytest.mark.parametrize(("scope", "told"), [("snsapi_base", False), ("snsapi_userinfo", True)])
def test_the_web_authorization_there_and_back(web: FlaskClient, scope: str, told: bool) -> None:
    back = authorize(web, scope=scope)
    assert back["state"] == ["s1"]
    query = {**OFFICIAL, "code": back["code"][0], "grant_type": "authorization_code"}
    token = web.get("/sns/oauth2/access_token", query_string=query).get_json()
    assert ("unionid" in token) is told
    assert token["scope"] == scope
    mini = session_of(web, codes(web)[0])
    assert token["openid"] != mini["openid"]
    if told:
        assert token["unionid"] == mini["unionid"]
    again = web.get("/sns/oauth2/access_token", query_string=query).get_json()
    assert again["errcode"] == 40163
    refresh = {"appid": OFFICIAL["appid"], "grant_type": "refresh_token"}
    renewed = web.get(
        "/sns/oauth2/refresh_token",
        query_string=refresh | {"refresh_token": token["refresh_token"]},
    ).get_json()
    assert renewed["openid"] == token["openid"]
    assert renewed["access_token"] != token["access_token"]
    for wrong in ({"refresh_token": "x"}, {"refresh_token": token["refresh_token"], "appid": "x"}):
        answer = web.get("/sns/oauth2/refresh_token", query_string=refresh | wrong).get_json()
        assert answer["errcode"] == 40030


def test_whoever_declines_goes_back_without_a_code(web: FlaskClient) -> None:
    assert authorize(web, person="") == {"state": ["s1"]}


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"appid": "x"}, "10013"),
        ({"redirect_uri": "https://evil.example/callback"}, "10003"),
        ({"scope": "snsapi_everything"}, "10005"),
        ({"response_type": "token"}, "10005"),
    ],
)
def test_a_wrong_request_is_not_answered(
    web: FlaskClient, changes: dict[str, str], number: str
) -> None:
    query = authorize_query(**changes)
    page = web.get("/connect/oauth2/authorize", query_string=query)
    assert (page.status_code, number in page.text) == (400, True)
    assert web.post("/connect/oauth2/authorize", query_string=query).status_code == 400


def test_without_ids_nothing_is_served() -> None:
    web = create_app(config()).test_client()
    assert session_of(web, "x")["errcode"] == 40013
    query = authorize_query(appid="")
    assert web.get("/connect/oauth2/authorize", query_string=query).status_code == 400


def test_the_pages_speak_english_too(web: FlaskClient) -> None:
    assert "Codes for User A" in web.get("/wechat/?lang=en").text
    page = web.get("/connect/oauth2/authorize", query_string=authorize_query()).text
    assert "Go on as User B" in page
    assert web.post("/wechat/", data={"person": "nobody"}).location == "/wechat/"
