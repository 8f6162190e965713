"""The second application: who it lets in, and whom not."""

from collections.abc import Iterator

import pytest
import requests
from joserfc.jwk import ECKey

from standins.server import running, serving
from tests.unit.standins.conftest import config
from tests.unit.standins.provider import CLIENT, SECRET, Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    with serving(provider.app()) as url:
        provider.issuer = url
        yield provider


@pytest.fixture
def clinic(provider: Provider) -> Iterator[str]:
    settings = config(
        portal_url=provider.issuer, clinic_client_id=CLIENT, clinic_client_secret=SECRET
    )
    with running(settings) as url:
        yield f"{url}/clinic"


def sign_in(browser: requests.Session, clinic: str) -> requests.Response:
    return browser.get(f"{clinic}/sign-in", timeout=10)


def test_signs_in_and_out(browser: requests.Session, clinic: str, provider: Provider) -> None:
    provider.userinfo = {"gender": "female", "card_number": "示例-1"}
    provider.claims = {"auth_time": 1}
    assert "用健康门户登录" in browser.get(f"{clinic}/", timeout=10).text
    page = sign_in(browser, clinic)
    assert page.url == f"{clinic}/"
    for text in ("您好，示例甲", "<dd>女</dd>", "<dt>card_number</dt>"):
        assert text in page.text
    assert "auth_time" not in page.text
    [asked] = provider.asked
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["state"]
    assert asked["nonce"]
    assert asked["scope"] == "openid profile"
    assert asked["ui_locales"] == "zh-CN"
    assert {cookie.name for cookie in browser.cookies} == {"clinic_session"}

    out = browser.post(f"{clinic}/sign-out", timeout=10)
    assert "您已退出本站和健康门户" in out.text
    [logout] = provider.logouts
    assert logout["client_id"] == CLIENT
    assert logout["id_token_hint"].count(".") == 2
    assert logout["post_logout_redirect_uri"] == f"{clinic}/signed-out"
    assert "用健康门户登录" in browser.get(f"{clinic}/", timeout=10).text


def test_refusing_is_told_kindly(
    browser: requests.Session, clinic: str, provider: Provider
) -> None:
    provider.answer = {"code": None, "error": "access_denied"}
    page = sign_in(browser, clinic)
    assert (page.status_code, "您没有同意登录" in page.text) == (403, True)


@pytest.mark.parametrize(
    "answer",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"iss": "https://evil.example", "code": None, "error": "access_denied"},
        {"code": None, "error": "invalid_scope"},
    ],
)
def test_an_answer_of_another_issuer_is_refused(
    browser: requests.Session, clinic: str, provider: Provider, answer: dict[str, str | None]
) -> None:
    provider.answer = answer
    page = sign_in(browser, clinic)
    assert (page.status_code, "无法确认是谁在登录" in page.text) == (400, True)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another-client"},
        {"iss": "https://evil.example"},
        {"exp": 1_000_000_000},
        {"sub": "someone-else"},
    ],
)
def test_a_wrong_id_token_is_refused(
    browser: requests.Session, clinic: str, provider: Provider, claims: dict[str, object]
) -> None:
    provider.claims = claims
    page = sign_in(browser, clinic)
    assert (page.status_code, "无法确认是谁在登录" in page.text) == (400, True)
    assert "用健康门户登录" in browser.get(f"{clinic}/", timeout=10).text


def test_a_forged_signature_is_refused(
    browser: requests.Session, clinic: str, provider: Provider
) -> None:
    provider.signing_key = ECKey.generate_key("P-256", {"kid": "1"})
    assert sign_in(browser, clinic).status_code == 400


def test_another_state_is_refused(
    browser: requests.Session, clinic: str, provider: Provider
) -> None:
    provider.answer = {"state": "another"}
    page = sign_in(browser, clinic)
    assert (page.status_code, "这次登录已经失效" in page.text) == (400, True)


def test_a_code_cannot_be_used_in_another_browser(
    browser: requests.Session, clinic: str, provider: Provider
) -> None:
    begun = browser.get(f"{clinic}/sign-in", allow_redirects=False, timeout=10)
    back = browser.get(begun.headers["Location"], allow_redirects=False, timeout=10)
    stolen = requests.get(back.headers["Location"], timeout=10)
    assert stolen.status_code == 400


def test_discovery_of_another_issuer_is_refused_until_put_right(
    browser: requests.Session, clinic: str, provider: Provider
) -> None:
    provider.discovery = {"issuer": "https://evil.example"}
    assert sign_in(browser, clinic).status_code == 400
    provider.discovery = {}
    assert sign_in(browser, clinic).status_code == 200


def test_signing_in_outlives_many_begun_attempts(browser: requests.Session, clinic: str) -> None:
    for _ in range(12):
        browser.get(f"{clinic}/sign-in", allow_redirects=False, timeout=10)
    assert "您好，示例甲" in sign_in(browser, clinic).text


def test_a_portal_that_is_down_is_said_plainly(browser: requests.Session) -> None:
    with running(config(portal_url="http://127.0.0.1:9")) as url:
        page = browser.get(f"{url}/clinic/sign-in", timeout=10)
        assert (page.status_code, "暂时连不上健康门户" in page.text) == (502, True)
        back = browser.get(f"{url}/clinic/callback?code=x&state=y", timeout=10)
        assert back.status_code == 502


def test_stray_visits_do_no_harm(browser: requests.Session, clinic: str) -> None:
    assert browser.get(f"{clinic}/callback", timeout=10).status_code == 400
    for path in ("signed-out", "signed-out?state=x"):
        assert "用健康门户登录" in browser.get(f"{clinic}/{path}", timeout=10).text
    assert "用健康门户登录" in browser.post(f"{clinic}/sign-out", timeout=10).text
