"""The one client of other institutions' providers. Call it outside any transaction.

Whatever a provider sends is hostile until checked: addresses, sizes, times, keys, tokens.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, TypeGuard
from urllib.parse import quote_plus, urlencode, urlsplit

import structlog

from auth.upstream.exchange import Proof, Registration, Way, read_json
from auth.upstream.failures import Flaw, Untrusted, declined, unavailable
from auth.upstream.id_token import Expected, read_id_token
from core import clock
from core.errors import PortalError
from core.outgoing import OutOfReach, Reach, Silent, TooLong, ask
from core.settings import LOOPBACK

TIMEOUT_SECONDS = 3
# For the whole of an exchange: one that drips keeps within the timeout of each read.
PATIENCE_SECONDS = 8
LARGEST_ANSWER = 256 * 1024
KEPT_FOR = timedelta(minutes=10)
# How soon the keys are fetched anew again because of a key that nobody knows.
KEYS_PAUSE = timedelta(minutes=1)
ASKED_ANEW_SECONDS = 60
DISCOVERY = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
THEIR_FAULT = {"server_error", "temporarily_unavailable"}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Provider:
    """A provider by its own checked metadata."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    names_itself: bool
    takes_basic: bool
    fetched_at: datetime


@dataclass(slots=True)
class _Keys:
    """A provider's keys, and when an unknown one made us fetch them anew."""

    keys: list[Mapping[str, Any]]
    fetched_at: datetime
    refetched_at: datetime | None = None


# Of this process, by issuer.
_providers: dict[str, _Provider] = {}
_keys: dict[str, _Keys] = {}


def forget() -> None:
    """Ask every provider anew."""
    _providers.clear()
    _keys.clear()


def authorization_address(at: Registration, way: Way, locale: str, *, anew: bool = False) -> str:
    """Where to send the browser; ``anew``, to prove there once more who is in front of it. Raises
    Untrusted or Unavailable.
    """
    provider = _provider(at.issuer)
    digest = hashlib.sha256(way.code_verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": at.client_id,
        "redirect_uri": at.redirect_uri,
        "scope": " ".join(at.scopes),
        "state": way.state,
        "nonce": way.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "ui_locales": locale,
    }
    if anew:
        # The first makes the provider ask, the second makes it say when it did (Core, 2).
        query |= {"prompt": "login", "max_age": str(ASKED_ANEW_SECONDS)}
    address = provider.authorization_endpoint
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


def prove(
    at: Registration, answer: Mapping[str, str], code_verifier: str, nonce_hash: bytes
) -> Proof:
    """What the provider vouches for, from the parameters that the browser came back with.

    Raises Untrusted, Denied where the person declined, or Unavailable.
    """
    provider = _provider(at.issuer)
    _check_issuer(provider, answer)
    if "error" in answer:
        raise _refusal(answer["error"])
    tokens = _redeem(at, provider, answer.get("code", ""), code_verifier)
    access_token = tokens.get("access_token")
    if not _is_plain(access_token) or str(tokens.get("token_type")).lower() != "bearer":
        raise Untrusted(Flaw.WRONG_ACCESS_TOKEN)
    expected = Expected(at.issuer, at.client_id, nonce_hash, access_token)
    claims = read_id_token(
        tokens.get("id_token"),
        lambda kid, key_type: _find_key(provider, kid, key_type),
        expected,
    )
    subject = claims["sub"]
    return Proof(subject, claims, _userinfo(provider, access_token, subject) | claims)


def _is_plain(text: object) -> TypeGuard[str]:
    """Whether it can go into a header or an address as it is: visible ASCII (RFC 6749, A.12)."""
    return isinstance(text, str) and text.isascii() and text.isprintable()


def _check_issuer(provider: _Provider, answer: Mapping[str, str]) -> None:
    """RFC 9207: the answer must come from the issuer that was asked, errors included."""
    given = answer.get("iss")
    if given != provider.issuer and (given is not None or provider.names_itself):
        raise Untrusted(Flaw.MIXED_UP)


def _refusal(error: str) -> PortalError:
    if error == "access_denied":
        return declined()
    return unavailable() if error in THEIR_FAULT else Untrusted(Flaw.REFUSED)


def _redeem(at: Registration, provider: _Provider, code: str, verifier: str) -> Mapping[str, Any]:
    """RFC 6749, 4.1.3, with the secret as the provider takes it (2.3.1)."""
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": at.redirect_uri,
        "code_verifier": verifier,
    }
    proof = None
    if at.client_secret is not None and provider.takes_basic:
        proof = (quote_plus(at.client_id), quote_plus(at.client_secret))
    else:
        body["client_id"] = at.client_id
        if at.client_secret is not None:
            body["client_secret"] = at.client_secret
    status, tokens = _ask("POST", provider.token_endpoint, data=body, auth=proof)
    if status != HTTPStatus.OK:
        wrong_code = tokens.get("error") == "invalid_grant"
        raise Untrusted(Flaw.CODE_REFUSED if wrong_code else Flaw.REFUSED)
    return tokens


def _userinfo(provider: _Provider, access_token: str, subject: str) -> dict[str, Any]:
    """More claims, where the provider has any to give; only of the same subject (Core, 5.3.2)."""
    if provider.userinfo_endpoint is None:
        return {}
    bearer = {"Authorization": f"Bearer {access_token}"}
    status, claims = _ask("GET", provider.userinfo_endpoint, headers=bearer)
    if status != HTTPStatus.OK:
        raise Untrusted(Flaw.REFUSED)
    if claims.get("sub") != subject:
        raise Untrusted(Flaw.WRONG_SUBJECT)
    return claims


def _provider(issuer: str) -> _Provider:
    """By discovery, kept for a while."""
    kept = _providers.get(issuer)
    if kept is None or clock.now() - kept.fetched_at > KEPT_FOR:
        kept = _providers[issuer] = _discover(issuer)
    return kept


def _discover(issuer: str) -> _Provider:
    """OpenID Connect Discovery 1.0, 4.3: the issuer must be the one that was asked."""
    status, found = _ask("GET", issuer.rstrip("/") + DISCOVERY)
    if status != HTTPStatus.OK or found.get("issuer") != issuer:
        raise Untrusted(Flaw.WRONG_METADATA)
    endpoints = {name: _endpoint(issuer, found.get(name)) for name in ENDPOINTS}
    userinfo = found.get("userinfo_endpoint")
    methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return _Provider(
        issuer=issuer,
        **endpoints,
        userinfo_endpoint=None if userinfo is None else _endpoint(issuer, userinfo),
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        takes_basic=isinstance(methods, list) and "client_secret_basic" in methods,
        fetched_at=clock.now(),
    )


def _endpoint(issuer: str, address: object) -> str:
    """https; a provider on this machine (the demo) may use http, and none other may name it."""
    try:
        parts = urlsplit(address if _is_plain(address) else "")
    except ValueError:
        raise Untrusted(Flaw.WRONG_METADATA) from None
    local = _is_local(urlsplit(issuer).hostname)
    schemes = {"https", "http"} if local else {"https"}
    if parts.scheme not in schemes or not parts.hostname or _is_local(parts.hostname) is not local:
        raise Untrusted(Flaw.WRONG_METADATA)
    return str(address)


def _is_local(host: str | None) -> bool:
    """Whether a host is this machine, or what only it can reach."""
    try:
        number = ip_address(host or "")
    except ValueError:
        return host in LOOPBACK
    return number.is_loopback or number.is_link_local or number.is_unspecified


def _find_key(provider: _Provider, kid: str, key_type: str) -> Mapping[str, Any]:
    """The key of that id. An unknown one may be new: the keys are fetched anew, but not for every
    token that somebody makes up. Raises Untrusted.
    """
    now = clock.now()
    kept = _keys.get(provider.issuer)
    if kept is None or now - kept.fetched_at > KEPT_FOR:
        kept = _keys[provider.issuer] = _Keys(_fetch_keys(provider), now)
    key = _pick(kept.keys, kid, key_type)
    asked = kept.refetched_at
    if key is None and kept.fetched_at != now and (asked is None or now - asked > KEYS_PAUSE):
        kept = _keys[provider.issuer] = _Keys(_fetch_keys(provider), now, refetched_at=now)
        key = _pick(kept.keys, kid, key_type)
    if key is None:
        raise Untrusted(Flaw.UNKNOWN_KEY)
    return key


def _fetch_keys(provider: _Provider) -> list[Mapping[str, Any]]:
    status, found = _ask("GET", provider.jwks_uri)
    keys = found.get("keys")
    if status != HTTPStatus.OK or not isinstance(keys, list):
        raise Untrusted(Flaw.WRONG_METADATA)
    return [key for key in keys if isinstance(key, dict)]


def _pick(keys: list[Mapping[str, Any]], kid: str, key_type: str) -> Mapping[str, Any] | None:
    """A signing key of that id and type."""
    for key in keys:
        if key.get("kid") == kid and key.get("kty") == key_type and key.get("use") in (None, "sig"):
            return key
    return None


def _ask(method: str, address: str, **more: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON of an answer. Raises Unavailable (silence, 5xx) or Untrusted.

    What answers on this machine (the demo) is asked directly, past any proxy of the environment;
    any other name must not lead there.
    """
    local = _is_local(urlsplit(address).hostname)
    reach = Reach.ANYWHERE if local else Reach.NETWORKS
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    headers |= more.pop("headers", {})
    host = urlsplit(address).hostname
    try:
        status, body = ask(
            method,
            address,
            reach,
            patience=PATIENCE_SECONDS,
            timeout=TIMEOUT_SECONDS,
            largest=LARGEST_ANSWER,
            by_proxy=not local,
            headers=headers,
            **more,
        )
    except OutOfReach:
        log.warning("upstream.refused", host=host)
        raise Untrusted(Flaw.WRONG_METADATA) from None
    except TooLong:
        raise Untrusted(Flaw.UNREADABLE) from None
    except Silent as error:
        log.warning("upstream.silent", host=host, kind=str(error))
        raise unavailable() from None
    if status >= 500:
        log.warning("upstream.failed", host=host, status=status)
        raise unavailable()
    if 300 <= status < 400:
        raise Untrusted(Flaw.REDIRECTED)
    return status, read_json(body)
