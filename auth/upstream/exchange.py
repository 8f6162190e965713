"""What travels between us and a provider; pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auth.upstream.failures import Flaw, Untrusted


@dataclass(frozen=True, slots=True)
class Registration:
    """What we are at a provider; without a secret a public client."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    scopes: tuple[str, ...]
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Way:
    """The secrets of one way to a provider and back."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """Whom a provider vouches for. ``claims`` are those it signed, ``profile`` all it told."""

    subject: str
    claims: Mapping[str, Any]
    profile: Mapping[str, Any]


def read_json(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises Untrusted for anything else, NaN and Infinity too."""
    try:
        found = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Untrusted(Flaw.UNREADABLE) from None
    if not isinstance(found, dict):
        raise Untrusted(Flaw.UNREADABLE)
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
