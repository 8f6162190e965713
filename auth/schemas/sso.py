"""Single sign-on: the applications that may ask who somebody is, and what they may learn."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from core.ids import new_id
from core.settings import LOOPBACK

SHORTEST_CLIENT_SECRET = 32


class SsoAction(StrEnum):
    """What may be asked of applications."""

    SIGN_IN = "auth:sign-in-to-application"
    CONSENT = "auth:consent-to-application"
    READ_CLAIMS = "auth:read-claims"
    WITHDRAW = "auth:withdraw-from-application"


class Scope(StrEnum):
    """What an application may ask for; each is put in plain words on the consent page."""

    OPENID = "openid"
    PROFILE = "profile"
    PHONE = "phone"
    ROLES = "roles"


class SigningAlgorithm(StrEnum):
    """How ID tokens are signed. ES256 unless an application needs RS256 (twelve times slower)."""

    ES256 = "ES256"
    RS256 = "RS256"


def _address(value: str) -> str:
    """Absolute and exact (RFC 9700, 2.1): https, or http on this machine for development."""
    parts = urlsplit(value)
    if not (value.isascii() and value.isprintable()) or " " in value or "\\" in value:
        raise ValueError(f"{value!r} must be printable ASCII without spaces")
    if not parts.hostname or parts.username is not None or "#" in value:
        raise ValueError(f"{value!r} must name a host, and have no user and no fragment")
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return value
    raise ValueError(f"{value!r} must be an https address (http only on this machine)")


Address = Annotated[str, Field(max_length=1000), AfterValidator(_address)]
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$"
    ),
]


def one_host(addresses: list[str]) -> list[str]:
    """OpenID Connect Core 1.0, 8.1: subjects are pairwise, so the host has to be one."""
    if len({urlsplit(address).hostname for address in addresses}) > 1:
        raise ValueError("all redirect URIs of an application must be on one host")
    return addresses


class RegisterClient(BaseModel):
    """An application as its operator registers it.

    A ``public`` one (in a browser or on a phone) has no secret and relies on PKCE, which all use.
    """

    model_config = ConfigDict(extra="forbid")

    client_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$")] = (
        Field(default_factory=lambda: str(new_id()))
    )
    name: Name
    redirect_uris: Annotated[list[Address], Field(min_length=1), AfterValidator(one_host)]
    post_logout_redirect_uris: list[Address] = []
    scopes: list[Scope] = [Scope.OPENID, Scope.PROFILE]
    algorithm: SigningAlgorithm = SigningAlgorithm.ES256
    public: bool = False
    secret: Annotated[str, Field(min_length=SHORTEST_CLIENT_SECRET, max_length=256)] | None = None


class NewClient(BaseModel):
    """A registered application; its secret is shown this once. None: public, or not changed."""

    client_id: str
    secret: str | None = Field(repr=False)


class AuthorizedApplication(BaseModel):
    """An application that a person lets know who they are."""

    model_config = ConfigDict(frozen=True)

    client_id: str
    name: str
    scopes: list[Scope]
    since: datetime


class WithdrawConsent(BaseModel):
    """Stop letting an application know who one is."""

    model_config = ConfigDict(extra="forbid")

    client_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
