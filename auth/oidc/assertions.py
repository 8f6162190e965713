"""``private_key_jwt``: an application shows who it is by its signature (RFC 7523, Core 1.0, 9)."""

import json
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, TypeGuard

from authlib.oauth2.rfc6749 import InvalidClientError, OAuth2Request
from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry, extract_compact
from sqlalchemy.orm import Session

from auth.oidc.application import Application
from auth.schemas.sso import ASSERTION_ALGORITHMS
from auth.services.assertions import use_assertion
from core import clock

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_SECONDS = 300
SKEW_SECONDS = 10


class Algorithms(JWSRegistry):
    """Those that we take, and no other."""

    def get_alg(self, name: str) -> Any:
        """Without joserfc's warning about the name "EdDSA", which libraries go on using."""
        if name not in ASSERTION_ALGORITHMS:
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        return self.algorithms[name]


ALGORITHMS = Algorithms()


def authenticate_by_key(
    session: Session, audiences: Callable[[], set[str]]
) -> Callable[[Callable[[str], Application | None], OAuth2Request], Application | None]:
    """The check as Authlib calls it: the application, None where no assertion was given, or
    InvalidClientError. ``audiences`` gives our names, one of which the assertion must be made for.
    """

    def authenticate(
        query_client: Callable[[str], Application | None], request: OAuth2Request
    ) -> Application | None:
        if "client_assertion" not in request.form:
            return None
        if request.form.get("client_assertion_type") != ASSERTION_TYPE:
            raise _refused("Unknown 'client_assertion_type'.")
        assertion = request.form["client_assertion"]
        client = query_client(_subject(assertion))
        if client is None or client.row.jwks is None:
            raise _refused("The client is unknown, or has no registered key.")
        if request.form.get("client_id", client.client_id) != client.client_id:
            raise _refused("'client_id' is not the subject of the assertion.")
        _accept(session, client, _claims(assertion, client.row.jwks), audiences())
        return client

    return authenticate


def _subject(assertion: str) -> str:
    """Who it claims to be from; nothing is verified yet."""
    try:
        payload = json.loads(extract_compact(assertion.encode()).payload)
    except (JoseError, ValueError):
        raise _refused("The assertion is malformed.") from None
    subject = payload.get("sub") if isinstance(payload, dict) else None
    return subject if isinstance(subject, str) else ""


def _claims(assertion: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """Its claims, the signature verified with the key that it names, or with the only one."""
    keys = KeySet.import_key_set(jwks)  # type: ignore[arg-type]
    try:
        return dict(jwt.decode(assertion, keys, registry=ALGORITHMS).claims)
    except (JoseError, ValueError):
        raise _refused("The assertion's signature is not one of the client's.") from None


def _accept(
    session: Session, client: Application, claims: dict[str, Any], audiences: set[str]
) -> None:
    """Raise InvalidClientError unless it was made by the client, for us, lately, and is new."""
    now = clock.now().timestamp()
    # One audience and no more: an assertion for several is good at any of them.
    match claims.get("aud"):
        case str(audience) | [str(audience)]:
            pass
        case _:
            audience = ""
    if claims.get("iss") != client.client_id or audience not in audiences:
        raise _refused("The assertion is not from this client, or not for this issuer.")
    expires, begins = claims.get("exp"), claims.get("nbf", claims.get("iat", 0))
    if not (_is_moment(expires) and _is_moment(begins)):
        raise _refused("The assertion needs 'exp'; times are numbers.")
    if not now - SKEW_SECONDS < expires <= now + LONGEST_SECONDS + SKEW_SECONDS:
        raise _refused("The assertion has expired, or expires in more than five minutes.")
    if begins > now + SKEW_SECONDS:
        raise _refused("The assertion is not valid yet.")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not jti.isprintable():
        jti = ""
    if not jti or not use_assertion(session, client.client_id, jti, expires):
        raise _refused("The assertion needs a 'jti' that was not used before.")


def _is_moment(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _refused(why: str) -> InvalidClientError:
    return InvalidClientError(status_code=401, description=why)
