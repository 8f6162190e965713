"""ID tokens, right and wrong."""

import base64
import hashlib
import hmac
import json
import time
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from standins.upstream.switches import Algorithm, Mode, Switch

ELSEWHERE = "https://elsewhere.example"
RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account at the provider."""

    sub: str
    name: str
    roles: tuple[str, ...] = ()
    acr: str = "urn:example:loa:1"
    amr: tuple[str, ...] = ("pwd",)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for."""

    person: Person
    client_id: str
    redirect_uri: str
    nonce: str | None
    challenge: str
    # Whether the application wanted the person to be asked.
    anew: bool = False


@cache
def signing_key(algorithm: Algorithm, number: int) -> ECKey | RSAKey | OKPKey:
    """The key of that number; its id names it."""
    parameters: Any = {"use": "sig", "kid": f"{algorithm.lower()}-{number}"}
    if algorithm is Algorithm.ES256:
        return ECKey.generate_key("P-256", parameters)
    if algorithm is Algorithm.EDDSA:
        return OKPKey.generate_key("Ed25519", parameters)
    return RSAKey.generate_key(RSA_BITS, parameters)


def public_keys(switch: Switch) -> dict[str, Any]:
    """The key set that is published now."""
    key = signing_key(switch.algorithm, switch.key)
    spare = signing_key(Algorithm.ES256, 0)
    return {"keys": [spare.as_dict(private=False), key.as_dict(private=False)]}


def id_token(switch: Switch, issuer: str, grant: Grant, access_token: str) -> str:
    """A token for the redeemed grant, as the switch says."""
    claims = _claims(switch, issuer, grant, access_token)
    header: dict[str, Any] = {"typ": "JWT", "alg": switch.algorithm.value, "kid": _kid(switch)}
    if switch.mode is Mode.UNSIGNED:
        return f"{_pack({'alg': 'none', 'kid': _kid(switch)})}.{_pack(claims)}."
    if switch.mode is Mode.SYMMETRIC:
        return _with_public_key(switch, claims)
    if switch.mode is Mode.NO_KEY_ID:
        header.pop("kid")
    if switch.mode is Mode.UNKNOWN_KEY:
        header["kid"] = "nobody-knows"
    key = signing_key(switch.algorithm, switch.key)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # of the name EdDSA
        # Not as a JWT by joserfc, which refuses a text without bytes.
        payload = json.dumps(claims).encode()
        token = jws.serialize_compact(header, payload, key, [switch.algorithm.value])
    return _spoilt(token) if switch.mode is Mode.BAD_SIGNATURE else token


def half_hash(access_token: str, algorithm: Algorithm) -> str:
    """``at_hash`` (OpenID Connect Core 1.0, 3.1.3.6)."""
    name = "sha512" if algorithm is Algorithm.EDDSA else "sha256"
    digest = hashlib.new(name, access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")


def _claims(switch: Switch, issuer: str, grant: Grant, access_token: str) -> dict[str, Any]:
    now = int(time.time()) + switch.skew_seconds
    person = grant.person
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": person.sub,
        "aud": grant.client_id,
        "iat": now,
        "exp": now + switch.lifetime_seconds,
        "auth_time": now,
        "nonce": grant.nonce,
        "acr": person.acr,
        "amr": list(person.amr),
        "at_hash": half_hash(access_token, switch.algorithm),
    }
    changes: dict[Mode, dict[str, Any]] = {
        Mode.WRONG_ISSUER: {"iss": ELSEWHERE},
        Mode.WRONG_AUDIENCE: {"aud": "another-application"},
        Mode.WRONG_PARTY: {"aud": [grant.client_id, "another"], "azp": "another"},
        Mode.WRONG_NONCE: {"nonce": "another-nonce"},
        Mode.NO_NONCE: {"nonce": None},
        Mode.NO_AUTH_TIME: {"auth_time": None},
        Mode.STILL_SIGNED_IN: {} if grant.anew else {"auth_time": now - 3600},
        Mode.NEVER_ASKS: {"auth_time": now - 3600},
        Mode.LONE_SURROGATE: {"nonce": "\ud800"},
        Mode.NO_SUBJECT: {"sub": None},
        Mode.NO_EXPIRY: {"exp": None},
        Mode.NO_ISSUE_TIME: {"iat": None},
        Mode.NOT_YET_VALID: {"nbf": now + 300},
        Mode.WRONG_AT_HASH: {"at_hash": half_hash("another token", switch.algorithm)},
    }
    claims |= changes.get(switch.mode, {})
    return {name: value for name, value in claims.items() if value is not None}


def _kid(switch: Switch) -> str:
    return f"{switch.algorithm.lower()}-{switch.key}"


def _with_public_key(switch: Switch, claims: dict[str, Any]) -> str:
    """HS256 with what everybody can read, for verifiers that let the token choose."""
    pem = signing_key(switch.algorithm, switch.key).as_pem(private=False)
    signed = f"{_pack({'alg': 'HS256', 'kid': _kid(switch)})}.{_pack(claims)}"
    digest = hmac.digest(pem, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _spoilt(token: str) -> str:
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def _pack(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
