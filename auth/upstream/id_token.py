"""An ID token is believed only after every check of OpenID Connect Core 1.0, 3.1.3.7; pure."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwk, jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from auth.upstream.exchange import read_json
from auth.upstream.failures import Flaw, Untrusted
from core import clock
from core.crypto import token_hash

# What we accept, and the digest that each stands for (Core 1.0, 3.1.3.6). Never none: it is no
# signature. Never HS*: the key would be one that others know.
DIGESTS = {"RS256": "sha256", "PS256": "sha256", "ES256": "sha256", "EdDSA": "sha512"}
KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
# Clocks differ: ten seconds must do no harm, a minute is no difference of clocks any more.
LEEWAY_SECONDS = 30

# From a key's id and type to the key; raises Untrusted where the provider has none.
FindKey = Callable[[str, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say for this sign-in."""

    issuer: str
    client_id: str
    nonce_hash: bytes
    access_token: str


class _Algorithms(JWSRegistry):
    """The allow-list itself. EdDSA is what providers send, although RFC 9864 renames it, of which
    joserfc warns at each use.
    """

    def get_alg(self, name: str) -> Any:
        """Raises Untrusted."""
        if name not in DIGESTS:
            raise Untrusted(Flaw.WRONG_ALGORITHM)
        return self.algorithms[name]


_algorithms = _Algorithms(strict_check_header=False)


def read_id_token(token: object, find_key: FindKey, expected: Expected) -> dict[str, Any]:
    """The claims of a token that is the provider's, for us, of this sign-in and of now.

    Raises Untrusted with the first flaw.
    """
    if not isinstance(token, str):
        raise Untrusted(Flaw.NO_ID_TOKEN)
    algorithm, claims = _verified(token, find_key)
    _check_parties(claims, expected)
    _check_times(claims)
    if not _is_nonce(claims.get("nonce"), expected.nonce_hash):
        raise Untrusted(Flaw.WRONG_NONCE)
    if "at_hash" in claims and claims["at_hash"] != _half_hash(expected.access_token, algorithm):
        raise Untrusted(Flaw.WRONG_ACCESS_TOKEN)
    return claims


def _is_nonce(told: object, expected_hash: bytes) -> bool:
    # Ours is ASCII; of other texts some have no bytes to hash (a lone surrogate).
    known = isinstance(told, str) and told.isascii()
    return known and hmac.compare_digest(token_hash(str(told)), expected_hash)


def _verified(token: str, find_key: FindKey) -> tuple[str, dict[str, Any]]:
    """Algorithm and claims of a token whose signature is right."""
    try:
        header = jws.extract_compact(token.encode(), registry=_algorithms).headers()
    except (JoseError, ValueError, TypeError):
        raise Untrusted(Flaw.UNREADABLE) from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in DIGESTS:
        raise Untrusted(Flaw.WRONG_ALGORITHM)
    if not isinstance(kid, str) or not kid:
        raise Untrusted(Flaw.NO_KEY_ID)
    found = find_key(kid, KEY_TYPES[algorithm])
    try:
        key = jwk.import_key(dict(found))
        signed = jws.deserialize_compact(token, key, registry=_algorithms)
    except (JoseError, ValueError, TypeError, KeyError):
        raise Untrusted(Flaw.BAD_SIGNATURE) from None
    return algorithm, read_json(signed.payload or b"")


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise Untrusted(Flaw.WRONG_ISSUER)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    authorized = claims.get("azp", None if len(audiences) > 1 else expected.client_id)
    if expected.client_id not in audiences or authorized != expected.client_id:
        raise Untrusted(Flaw.WRONG_AUDIENCE)
    subject = claims.get("sub")
    # Core 1.0, 2: at most 255 ASCII characters.
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject) <= 255:
        raise Untrusted(Flaw.WRONG_SUBJECT)


def _check_times(claims: Mapping[str, Any]) -> None:
    now = clock.now().timestamp()
    if _seconds(claims.get("exp")) <= now - LEEWAY_SECONDS:
        raise Untrusted(Flaw.EXPIRED)
    begins = [claims.get("iat"), *([claims["nbf"]] if "nbf" in claims else [])]
    if max(_seconds(moment) for moment in begins) > now + LEEWAY_SECONDS:
        raise Untrusted(Flaw.EARLY)


def _seconds(value: object) -> float:
    """A NumericDate (RFC 7519, 2). Raises Untrusted for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Untrusted(Flaw.UNTIMED)
    return value


def _half_hash(access_token: str, algorithm: str) -> str:
    digest = hashlib.new(DIGESTS[algorithm], access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
