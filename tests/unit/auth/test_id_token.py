"""What an ID token may say, beyond what the stand-in sends."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from auth.upstream.exchange import read_json
from auth.upstream.failures import Flaw, Untrusted
from auth.upstream.id_token import Expected, read_id_token
from core import clock
from core.crypto import token_hash

KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
EXPECTED = Expected("https://gov.example", "kangqiao", token_hash("nonce"), "access token")


def find_key(kid: str, key_type: str) -> Mapping[str, Any]:
    assert (kid, key_type) == ("one", "EC")
    return KEY.as_dict(private=False)


def token(**changes: Any) -> str:
    now = int(clock.now().timestamp())
    claims = {
        "iss": EXPECTED.issuer,
        "aud": EXPECTED.client_id,
        "sub": "somebody",
        "nonce": "nonce",
        "iat": now,
        "exp": now + 300,
    }
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": "one"}, claims, KEY)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": ["kangqiao"]},
        {"aud": ["kangqiao", "another"], "azp": "kangqiao"},
        {"azp": "kangqiao"},
        pytest.param({"iat": clock.now().timestamp()}, id="a fraction of a second"),
        {"sub": "x" * 255},
        {"nbf": 0},
    ],
    ids=str,
)
def test_what_is_right_is_read(changes: dict[str, Any]) -> None:
    claims = read_id_token(token(**changes), find_key, EXPECTED)
    assert claims["sub"] == changes.get("sub", "somebody")


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"aud": ["kangqiao", "another"]}, Flaw.WRONG_AUDIENCE),
        ({"aud": []}, Flaw.WRONG_AUDIENCE),
        ({"aud": None}, Flaw.WRONG_AUDIENCE),
        ({"aud": {"kangqiao": 1}}, Flaw.WRONG_AUDIENCE),
        ({"azp": "another"}, Flaw.WRONG_AUDIENCE),
        ({"iss": "https://gov.example/"}, Flaw.WRONG_ISSUER),
        ({"iss": ["https://gov.example"]}, Flaw.WRONG_ISSUER),
        ({"sub": ""}, Flaw.WRONG_SUBJECT),
        ({"sub": 7}, Flaw.WRONG_SUBJECT),
        ({"sub": "x" * 256}, Flaw.WRONG_SUBJECT),
        ({"sub": "a\x00b"}, Flaw.WRONG_SUBJECT),
        ({"exp": "tomorrow"}, Flaw.UNTIMED),
        ({"exp": True}, Flaw.UNTIMED),
        ({"nbf": "now"}, Flaw.UNTIMED),
        ({"nonce": 7}, Flaw.WRONG_NONCE),
        ({"at_hash": 7}, Flaw.WRONG_ACCESS_TOKEN),
    ],
    ids=str,
)
def test_what_is_wrong_is_refused(changes: dict[str, Any], flaw: Flaw) -> None:
    refused(token(**changes), flaw)


@pytest.mark.parametrize("given", ["", "a.b", "a.b.c", "....", "é.é.é", 7, None, {"a": "b"}])
def test_what_is_no_token_is_refused(given: object) -> None:
    with pytest.raises(Untrusted) as refusal:
        read_id_token(given, find_key, EXPECTED)
    assert refusal.value.code in (Flaw.UNREADABLE, Flaw.NO_ID_TOKEN)


def test_an_extension_we_must_understand_is_refused() -> None:
    header = json.dumps({"alg": "ES256", "kid": "one", "crit": ["magic"], "magic": 1})
    packed = base64.urlsafe_b64encode(header.encode()).decode().rstrip("=")
    signed = f"{packed}.{token().split('.')[1]}".encode()
    signature = JWSRegistry.algorithms["ES256"].sign(signed, KEY)
    packed_signature = base64.urlsafe_b64encode(signature).decode().rstrip("=")
    refused(f"{signed.decode()}.{packed_signature}", Flaw.BAD_SIGNATURE)


def test_a_key_of_another_kind_under_the_same_name_is_refused() -> None:
    other = RSAKey.generate_key(2048, {"kid": "one"}).as_dict(private=False)
    with pytest.raises(Untrusted) as refusal:
        read_id_token(token(), lambda kid, key_type: other, EXPECTED)
    assert refusal.value.code == Flaw.BAD_SIGNATURE


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"7", b'{"a": NaN}', b'{"a": -Infinity}', b"\xff", b"[" * 100_000],
    ids=lambda body: repr(body[:12]),
)
def test_only_a_json_object_is_read(body: bytes) -> None:
    with pytest.raises(Untrusted):
        read_json(body)


def refused(given: str, flaw: Flaw) -> None:
    with pytest.raises(Untrusted) as refusal:
        read_id_token(given, find_key, EXPECTED)
    assert refusal.value.code == flaw
