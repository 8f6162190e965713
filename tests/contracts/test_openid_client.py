"""npm openid-client, an independent implementation, as relying party of the portal over HTTP.

The person's steps (signing in, agreeing) are taken by a browser without scripts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from apiflask import APIFlask
from joserfc.jwk import ECKey, OKPKey, RSAKey
from sqlalchemy import Engine

from auth import passwords
from auth.schemas import RegisterClient
from auth.services.clients import create_client
from core.database import transaction
from standins.server import serving
from tests.contracts.relying_party import Peer, RelyingPartyError, running
from tests.contracts.test_clinic_signs_in import submit
from tests.factories.auth import PASSWORD, make_account

SECRET = "a-client-secret-of-more-than-32-characters"
CALLBACK = "https://clinic.example/callback"
SIGNED_OUT = "https://clinic.example/signed-out"
SCOPE = "openid profile"
TIMEOUT = 20
KEYS: dict[str, ECKey | RSAKey | OKPKey] = {
    "ES256": ECKey.generate_key("P-256"),
    "RS256": RSAKey.generate_key(2048),
    "Ed25519": OKPKey.generate_key("Ed25519"),
}


@dataclass
class Portal:
    """The served portal, a relying party, and somebody's browser."""

    url: str
    peer: Peer
    browser: requests.Session

    def discover(self, client_id: str = "clinic-demo", **credentials: Any) -> dict[str, Any]:
        """Let the peer find the portal, as this client."""
        given = credentials or {"method": "client_secret_basic", "secret": SECRET}
        return self.peer("discover", issuer=self.url, clientId=client_id, **given)

    def visit(self, address: str) -> str:
        """The person follows the application's link, and agrees; where they end up."""
        page = self.open(address)
        if page.status_code == 200:
            page = self.submit(page, page.url, decision="agree")
        return page.headers["Location"]

    def open(self, address: str) -> requests.Response:
        """A page of the portal; the person signs in on the way if need be."""
        page = self.browser.get(address, timeout=TIMEOUT, allow_redirects=False)
        where = page.headers.get("Location", "")
        if "/auth/sign-in" not in where:
            return page
        door = self.browser.get(f"{self.url}{where}&who=staff", timeout=TIMEOUT)
        typed = {"username": "doctor", "password": PASSWORD}
        page = self.submit(door, f"{self.url}/auth/password", **typed)
        return self.browser.get(
            self.url + page.headers["Location"], timeout=TIMEOUT, allow_redirects=False
        )

    def submit(self, page: requests.Response, address: str, **typed: str) -> requests.Response:
        """Send the page's form, and stay where the answer points."""
        return submit(self.browser, page, address, follow=False, **typed)

    def sign_in(self, scope: str = SCOPE, **given: Any) -> dict[str, Any]:
        """The whole code flow; the tokens."""
        asked = self.peer("authorize", redirect_uri=CALLBACK, scope=scope, **given)
        return self.peer("callback", url=self.visit(asked["url"]))


@pytest.fixture
def portal(
    app: APIFlask, committed_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Portal]:
    """The portal, served; one member of staff can sign in."""
    with serving(app) as url, running() as peer, requests.Session() as browser:
        browser.trust_env = False
        chosen = app.config["SETTINGS"].model_copy(update={"public_url": url})
        monkeypatch.setitem(app.config, "SETTINGS", chosen)
        monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
        with transaction() as session:
            account = make_account(session, name="示例医生", username="doctor")
            account.password_hash = passwords.hash_password(PASSWORD)
        yield Portal(url, peer, browser)


def register(**given: Any) -> None:
    defaults: dict[str, Any] = {
        "client_id": "clinic-demo",
        "name": "示例诊所",
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [SIGNED_OUT],
        "scopes": ["openid", "profile", "offline_access"],
        "grants": ["authorization_code", "refresh_token"],
    }
    with transaction() as session:
        create_client(session, RegisterClient.model_validate(defaults | given))


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "none"])
@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_code_flow(portal: Portal, method: str, algorithm: str) -> None:
    credentials = {"public": True} if method == "none" else {"secret": SECRET}
    register(algorithm=algorithm, **credentials)
    found = portal.discover(method=method, secret=SECRET, algorithm=algorithm)
    assert found["issuer"] == portal.url
    tokens = portal.sign_in()
    told = portal.peer("userinfo", token=tokens["access_token"], subject=tokens["claims"]["sub"])
    assert told == {"sub": tokens["claims"]["sub"], "name": "示例医生"}


@pytest.mark.parametrize("algorithm", KEYS)
def test_private_key_jwt(portal: Portal, algorithm: str) -> None:
    key = KEYS[algorithm]
    register(jwks={"keys": [key.as_dict(private=False)]})
    private = {**key.as_dict(private=True), "alg": algorithm}
    portal.discover(method="private_key_jwt", key=private)
    tokens = portal.sign_in(pushed=True)
    assert tokens["claims"]["amr"] == ["pwd"]
    assert portal.peer("introspect", token=tokens["access_token"])["active"] is True


def test_pushed_requests(portal: Portal) -> None:
    register(secret=SECRET, require_par=True)
    portal.discover()
    assert portal.sign_in(pushed=True)["claims"]["iss"] == portal.url
    with pytest.raises(RelyingPartyError, match="push its requests"):
        portal.sign_in()


def test_refresh_introspection_and_revocation(portal: Portal) -> None:
    register(secret=SECRET)
    portal.discover()
    first = portal.sign_in(f"{SCOPE} offline_access")
    second = portal.peer("refresh", token=first["refresh_token"])
    assert second["claims"]["sub"] == first["claims"]["sub"]
    assert portal.peer("introspect", token=second["refresh_token"])["active"] is True
    portal.peer("revoke", token=second["refresh_token"])
    for token in (second["refresh_token"], second["access_token"], first["access_token"]):
        assert portal.peer("introspect", token=token) == {"active": False}
    with pytest.raises(RelyingPartyError) as refused:
        portal.peer("refresh", token=second["refresh_token"])
    assert refused.value.code == "invalid_grant"


def test_services(portal: Portal) -> None:
    register(
        client_id="service",
        secret=SECRET,
        grants=["client_credentials"],
        redirect_uris=[],
        scopes=["openid"],
        service_scopes=["screens.read"],
    )
    register(secret=SECRET, guarded_scopes=["screens.read"])
    portal.discover("service", method="client_secret_post", secret=SECRET)
    token = portal.peer("service", scope="screens.read")["access_token"]
    portal.discover()
    seen = portal.peer("introspect", token=token)
    assert (seen["active"], seen["client_id"], seen["scope"]) == (True, "service", "screens.read")


def test_devices(portal: Portal) -> None:
    register(
        client_id="kiosk",
        name="一楼自助机",
        public=True,
        grants=["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        redirect_uris=[],
    )
    portal.discover("kiosk", method="none")
    codes = portal.peer("device", scope=SCOPE)
    page = portal.open(codes["verification_uri_complete"])
    consent = submit(portal.browser, page, f"{portal.url}/device", user_code=codes["user_code"])
    assert "一楼自助机" in consent.text
    submit(portal.browser, consent, f"{portal.url}/device/decision", decision="agree")
    tokens = portal.peer("poll")
    assert tokens["claims"]["aud"] == "kiosk"
    assert portal.peer("refresh", token=tokens["refresh_token"])["access_token"]


def test_demands(portal: Portal) -> None:
    register(secret=SECRET)
    portal.discover()
    asked = portal.peer(
        "authorize", redirect_uri=CALLBACK, scope=SCOPE, max_age="600", login_hint="doctor",
        claims='{"id_token": {"name": null}}', ui_locales="en",
    )  # fmt: skip
    tokens = portal.peer("callback", url=portal.visit(asked["url"]), maxAge=600)
    assert tokens["claims"]["name"] == "示例医生"
    unmet = {"acr_values": "urn:kangqiao:acr:3", "prompt": "none"}
    asked = portal.peer("authorize", redirect_uri=CALLBACK, scope=SCOPE, **unmet)
    with pytest.raises(RelyingPartyError) as refused:
        portal.peer("callback", url=portal.visit(asked["url"]))
    assert refused.value.code == "login_required"


def test_signing_out(portal: Portal) -> None:
    register(secret=SECRET)
    portal.discover()
    tokens = portal.sign_in()
    out = portal.peer(
        "endSession",
        id_token_hint=tokens["id_token"],
        post_logout_redirect_uri=SIGNED_OUT,
        state="s",
    )
    assert portal.visit(out["url"]) == f"{SIGNED_OUT}?state=s"
    assert portal.peer("introspect", token=tokens["access_token"]) == {"active": False}


def test_a_mixed_up_issuer_is_noticed(portal: Portal) -> None:
    register(secret=SECRET)
    portal.discover()
    asked = portal.peer("authorize", redirect_uri=CALLBACK, scope=SCOPE)
    back = urlsplit(portal.visit(asked["url"]))
    query = parse_qs(back.query)
    assert query["iss"] == [portal.url]
    for issuers in (["https://evil.example"], []):
        mixed = back._replace(query=urlencode(query | {"iss": issuers}, doseq=True)).geturl()
        with pytest.raises(RelyingPartyError, match='"iss"'):
            portal.peer("callback", url=mixed)
    assert portal.peer("callback", url=back.geturl())["access_token"]
