"""private_key_jwt: an application that signs instead of showing a secret."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from auth.models import Account
from auth.oidc.assertions import ALGORITHMS, ASSERTION_TYPE
from auth.schemas import RegisterClient
from core import clock
from core.database import transaction
from core.ids import new_id
from tests.factories.auth import make_account, open_browser_session
from tests.factories.sso import ISSUER, RelyingParty, make_client

Browser = Callable[[UUID], FlaskClient]
EC = ECKey.generate_key("P-256", {"kid": "ec"})
KEYS: dict[str, Key] = {
    "ES256": EC,
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}
JWKS = {"keys": [key.as_dict(private=False) for key in KEYS.values()]}


def assertion(algorithm: str = "ES256", key: Key | None = None, **changes: Any) -> str:
    """An assertion as it should be, but for ``changes``; None leaves a claim out."""
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": "clinic", "sub": "clinic", "aud": ISSUER, "iat": now, "exp": now + 60,
        "jti": str(new_id()),
    }  # fmt: skip
    claims = {k: v for k, v in (claims | changes).items() if v is not None}
    signing = key or KEYS[algorithm]
    header = {"alg": algorithm, "kid": str(signing.kid)}
    return jwt.encode(header, claims, signing, registry=ALGORITHMS)


def form(token: str) -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": token}


@pytest.fixture
def browser(session: Session, account: Account, signed_in: Browser) -> FlaskClient:
    """A resident's browser, with an application that signs."""
    make_client(session, jwks=JWKS)
    return signed_in(account.id)


@pytest.mark.parametrize("algorithm", KEYS)
def test_an_application_signs(browser: FlaskClient, client: FlaskClient, algorithm: str) -> None:
    rp = RelyingParty()
    answer = rp.exchange(client, rp.agree(browser), **form(assertion(algorithm)))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("audience", [f"{ISSUER}/oauth/token", [ISSUER]])
def test_our_other_names_are_ours(
    browser: FlaskClient, client: FlaskClient, audience: object
) -> None:
    rp = RelyingParty()
    given = form(assertion(aud=audience))
    assert rp.exchange(client, rp.agree(browser), **given).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"},
        {"aud": [ISSUER, "https://other.example"]},
        {"aud": None},
        {"iss": "other"},
        {"sub": "other"},
        {"sub": 7},
        {"exp": None},
        {"exp": "soon"},
        {"exp": -1},
        {"exp": True},
        {"exp": 32503680000},
        {"nbf": 32503680000},
        {"jti": None},
        {"jti": 7},
        {"jti": "nul\x00"},
        {"key": ECKey.generate_key("P-256", {"kid": "ec"})},
        {"key": ECKey.generate_key("P-256", {"kid": "unknown"})},
    ],
)
def test_what_does_not_fit_is_refused(
    browser: FlaskClient, client: FlaskClient, changes: dict[str, Any]
) -> None:
    refused(RelyingParty(), client, browser, assertion(**changes))


def test_other_algorithms_are_refused(browser: FlaskClient, client: FlaskClient) -> None:
    now = int(clock.now().timestamp())
    claims = {"iss": "clinic", "sub": "clinic", "aud": ISSUER, "exp": now + 60, "jti": "x"}
    public = json.dumps(EC.as_dict(private=False))
    confused = jwt.encode({"alg": "HS256", "kid": "ec"}, claims, OctKey.import_key(public))
    head, body, _ = assertion().split(".")
    none = urlsafe_b64encode(b'{"alg":"none","kid":"ec"}').decode().rstrip("=")
    for token in (confused, f"{none}.{body}.", f"{head}.{body}.", "nonsense", "a.b.c"):
        refused(RelyingParty(), client, browser, token)


def refused(rp: RelyingParty, caller: FlaskClient, browser: FlaskClient, token: str) -> None:
    answer = rp.exchange(caller, rp.agree(browser), **form(token))
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_times_are_read_with_ten_seconds_of_tolerance(
    browser: FlaskClient, client: FlaskClient
) -> None:
    rp = RelyingParty()
    now = int(clock.now().timestamp())
    refused(rp, client, browser, assertion(exp=now + 320))
    refused(rp, client, browser, assertion(exp=now - 11))
    late = form(assertion(exp=now - 5, iat=now - 60))
    assert rp.exchange(client, rp.agree(browser), **late).status_code == 200


def test_an_assertion_works_once_though_the_code_was_wrong(
    browser: FlaskClient, client: FlaskClient
) -> None:
    rp, token = RelyingParty(), assertion()
    wrong = rp.exchange(client, "unknown", **form(token))
    assert wrong.get_json()["error"] == "invalid_grant"
    refused(rp, client, browser, token)
    with clock.shifted(timedelta(minutes=10)):
        refused(rp, client, browser, token)


def test_a_key_is_not_replaced_by_anything_weaker(
    browser: FlaskClient, client: FlaskClient, session: Session
) -> None:
    make_client(session, "secretive", secret="s" * 40)
    rp = RelyingParty()
    code = rp.agree(browser)
    assert rp.exchange(client, code).status_code == 401
    assert rp.exchange(client, code, client_secret="x" * 40).status_code == 401
    unknown_type = form(assertion()) | {"client_assertion_type": "urn:x"}
    assert rp.exchange(client, code, **unknown_type).status_code == 401
    other = RelyingParty("secretive")
    signed = form(assertion(iss="secretive", sub="secretive"))
    assert other.exchange(client, other.agree(browser), **signed).status_code == 401
    mixed = rp.exchange(client, code, **form(assertion()) | {"client_id": "secretive"})
    assert mixed.status_code == 401


def test_of_twenty_at_once_one_is_accepted(app: APIFlask, committed_database: Engine) -> None:
    with transaction() as session:
        make_client(session, jwks=JWKS)
        open_browser_session(session, make_account(session).id)
    token = assertion()

    def push(_: int) -> TestResponse:
        body = {"token": "unknown", **form(token)}
        return app.test_client().post("/oauth/introspect", data=body)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(push, range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19


@pytest.mark.filterwarnings("ignore:Key size")
@pytest.mark.parametrize(
    "jwks",
    [
        {},
        {"keys": []},
        {"keys": [{"kty": "EC"}]},
        {"keys": [EC.as_dict(private=True)]},
        {"keys": [OctKey.generate_key(256).as_dict(private=True)]},
        {"keys": [ECKey.generate_key("P-384").as_dict(private=False)]},
        {"keys": [{"kty": "RSA", "n": "w" * 171, "e": "AQAB"}]},
    ],
)
def test_only_strong_public_keys_are_registered(jwks: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="must"):
        RegisterClient(name="x", redirect_uris=["https://a.example/cb"], jwks=jwks)
