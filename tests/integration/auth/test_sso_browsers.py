"""Public applications run in a browser and call the provider from their own site (CORS)."""

from collections.abc import Callable, Mapping
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth.models import Account, Client
from core import clock
from tests.factories.sso import REDIRECT_URI, RelyingParty, make_client

Browser = Callable[[UUID], FlaskClient]
SITE = "https://clinic.example"
OURS = ["/oauth/token", "/oauth/userinfo", "/oauth/revoke"]
OPEN = ["/.well-known/openid-configuration", "/.well-known/jwks.json"]
LOCAL = ["http://127.0.0.1:5173/callback", "http://127.0.0.1:5174/callback"]


def allowed(response: TestResponse) -> dict[str, str]:
    """What the answer lets scripts do."""
    prefix = "access-control-allow-"
    given = {name.lower(): value for name, value in response.headers}
    return {
        name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)
    }


def preflight(client: FlaskClient, path: str, origin: str) -> TestResponse:
    asked: Mapping[str, str] = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    return client.options(path, headers=asked)


@pytest.mark.parametrize("path", OURS)
def test_the_site_of_a_public_application_may_call(
    path: str, session: Session, client: FlaskClient
) -> None:
    make_client(session)
    answer = preflight(client, path, SITE)
    assert answer.status_code == 200
    assert allowed(answer) == {
        "origin": SITE,
        "methods": "GET, POST",
        "headers": "Authorization, Content-Type",
    }
    assert "Origin" in answer.headers["Vary"]
    # A refusal is readable too, and nothing is ever sent with cookies.
    assert allowed(client.post(path, headers={"Origin": SITE})) == {"origin": SITE}
    for other in ("https://evil.example", "https://clinic.example.evil.example", "null",
                  "http://clinic.example", f"{SITE}:8443", f"{SITE}/", "//", "https://[",
                  "https://clinic.example\udcff", "x" * 3000):  # fmt: skip
        assert allowed(preflight(client, path, other.encode("utf-8", "replace").decode())) == {}
        assert allowed(client.post(path, headers={"Origin": SITE + "x"})) == {}
    assert allowed(client.post(path)) == {}


@pytest.mark.parametrize("path", OPEN)
def test_any_site_may_read_metadata_and_keys(path: str, client: FlaskClient) -> None:
    assert allowed(client.get(path, headers={"Origin": "https://a.example"})) == {"origin": "*"}
    assert allowed(preflight(client, path, "https://a.example"))["origin"] == "*"


@pytest.mark.parametrize(
    "path",
    ["/oauth/par", "/oauth/introspect", "/oauth/device", "/oauth/authorize", "/auth/sign-in"],
)
def test_no_other_answer_is_shared(path: str, session: Session, client: FlaskClient) -> None:
    make_client(session)
    assert allowed(preflight(client, path, SITE)) == {}
    assert allowed(client.post(path, headers={"Origin": SITE})) == {}


def test_only_public_applications_that_are_on_count(session: Session, client: FlaskClient) -> None:
    make_client(session, "secret", secret="s" * 40)
    assert allowed(preflight(client, OURS[0], SITE)) == {}
    make_client(session, "default-port", redirect_uris=["https://Clinic.example:443/back"])
    assert allowed(preflight(client, OURS[0], SITE))["origin"] == SITE
    session.get_one(Client, "default-port").disabled_at = clock.now()
    session.flush()
    assert allowed(preflight(client, OURS[0], SITE)) == {}
    make_client(session, "local", redirect_uris=LOCAL)
    assert allowed(preflight(client, OURS[0], "http://127.0.0.1:5174")) != {}
    assert allowed(preflight(client, OURS[0], "http://127.0.0.1:5175")) == {}


def test_a_page_exchanges_its_code(
    session: Session, client: FlaskClient, account: Account, signed_in: Browser
) -> None:
    make_client(session)
    rp = RelyingParty()
    answer = rp.exchange(client, rp.agree(signed_in(account.id)), {"Origin": SITE})
    assert answer.status_code == 200
    assert REDIRECT_URI.startswith(allowed(answer)["origin"])
    assert "Set-Cookie" not in answer.headers
    given = {"Authorization": f"Bearer {answer.get_json()['access_token']}", "Origin": SITE}
    told = client.get("/oauth/userinfo", headers=given)
    assert (told.status_code, allowed(told)) == (200, {"origin": SITE})
