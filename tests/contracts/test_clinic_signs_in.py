"""Another vendor's application (Authlib's client in standins/) against the portal, over HTTP."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from apiflask import APIFlask
from sqlalchemy import Engine

from auth import passwords
from auth.schemas import RegisterClient
from auth.services.clients import ensure_client
from core.database import transaction
from standins.config import StandinConfig
from standins.server import running, serving
from tests.factories.auth import PASSWORD, make_account

SECRET = "a-client-secret-of-more-than-32-characters"


@dataclass
class Place:
    """Where the two applications answer."""

    portal: str
    clinic: str


def standins(portal: str, secret: str) -> StandinConfig:
    keys = {"sms_key": "k", "identity_key": "k", "stripe_secret_key": "k"}
    more = {"stripe_webhook_secret": "k", "portal_url": portal, "clinic_client_secret": secret}
    return StandinConfig.model_validate(keys | more)


@pytest.fixture(params=["", SECRET], ids=["public", "confidential"])
def place(
    request: pytest.FixtureRequest,
    app: APIFlask,
    committed_database: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Place]:
    """The portal and the clinic, served; one member of staff can sign in."""
    secret: str = request.param
    with serving(app) as portal, running(standins(portal, secret)) as clinic:
        chosen = app.config["SETTINGS"].model_copy(update={"public_url": portal})
        monkeypatch.setitem(app.config, "SETTINGS", chosen)
        monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
        with transaction() as session:
            ensure_client(session, registration(f"{clinic}/clinic", secret))
            account = make_account(session, name="示例医生", username="doctor")
            account.password_hash = passwords.hash_password(PASSWORD)
        yield Place(portal, f"{clinic}/clinic")


def registration(clinic: str, secret: str) -> RegisterClient:
    return RegisterClient(
        client_id="clinic-demo",
        name="示例诊所",
        redirect_uris=[f"{clinic}/callback"],
        post_logout_redirect_uris=[f"{clinic}/signed-out"],
        public=not secret,
        secret=secret or None,
    )


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    """Cookies and redirects, past any proxy of the environment."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


def hidden(page: requests.Response) -> dict[str, str]:
    """The hidden fields of the page's last form."""
    form = page.text.rpartition("<form")[2]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def submit(
    browser: requests.Session,
    page: requests.Response,
    address: str,
    *,
    follow: bool = True,
    **typed: str,
) -> requests.Response:
    fields = {name: value.replace("&amp;", "&") for name, value in hidden(page).items()}
    return browser.post(address, data=fields | typed, timeout=20, allow_redirects=follow)


def test_one_sign_in_opens_both_and_one_sign_out_closes_both(
    place: Place, browser: requests.Session
) -> None:
    door = browser.get(f"{place.clinic}/sign-in", params={"who": "staff"}, timeout=20)
    assert door.url.startswith(f"{place.portal}/auth/sign-in")
    door = browser.get(door.url + "&who=staff", timeout=20)
    consent = submit(
        browser, door, f"{place.portal}/auth/password", username="doctor", password=PASSWORD
    )
    assert "示例诊所" in consent.text, consent.text
    home = submit(browser, consent, consent.url, decision="agree")
    assert (home.url, home.status_code) == (f"{place.clinic}/", 200)
    assert "您好，示例医生" in home.text

    # A second time nobody is asked for anything.
    browser.cookies.clear(domain="127.0.0.1", path="/clinic", name="clinic_session")
    assert "您好，示例医生" in browser.get(f"{place.clinic}/sign-in", timeout=20).text

    out = browser.post(f"{place.clinic}/sign-out", timeout=20)
    assert out.url.startswith(f"{place.clinic}/signed-out?state=")
    assert "您已退出本站和健康门户" in out.text
    again = browser.get(f"{place.clinic}/sign-in", timeout=20)
    assert again.url.startswith(f"{place.portal}/auth/sign-in")


def test_declining_is_understood(place: Place, browser: requests.Session) -> None:
    door = browser.get(f"{place.clinic}/sign-in", timeout=20)
    door = browser.get(door.url + "&who=staff", timeout=20)
    consent = submit(
        browser, door, f"{place.portal}/auth/password", username="doctor", password=PASSWORD
    )
    refused = submit(browser, consent, consent.url, decision="decline")
    assert (refused.status_code, "您没有同意登录" in refused.text) == (403, True)
