"""Single sign-on: the applications that may ask who somebody is, and what they may learn."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from core.ids import new_id
from core.settings import LOOPBACK

SHORTEST_CLIENT_SECRET = 32
SHORTEST_RSA_KEY = 2048
# How an application may sign its assertions, and with which kinds of key.
ASSERTION_ALGORITHMS = ("ES256", "RS256", "EdDSA", "Ed25519")


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
    OFFLINE = "offline_access"


class GrantType(StrEnum):
    """How an application comes to tokens, by the names of RFC 6749 and RFC 8628."""

    CODE = "authorization_code"
    REFRESH = "refresh_token"
    SERVICE = "client_credentials"
    DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class SigningAlgorithm(StrEnum):
    """How ID tokens are signed. ES256 unless an application needs RS256 (twelve times slower)."""

    ES256 = "ES256"
    RS256 = "RS256"


def exact_address(value: str) -> str:
    """Absolute and exact (RFC 9700, 2.1): https, or http on this machine for development."""
    parts = urlsplit(value)
    if not (value.isascii() and value.isprintable()) or " " in value or "\\" in value:
        raise ValueError(f"{value!r} must be printable ASCII without spaces")
    if not parts.hostname or parts.username is not None or "#" in value:
        raise ValueError(f"{value!r} must name a host, and have no user and no fragment")
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return value
    raise ValueError(f"{value!r} must be an https address (http only on this machine)")


Address = Annotated[str, Field(max_length=1000), AfterValidator(exact_address)]
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


def public_keys(value: dict[str, Any]) -> dict[str, Any]:
    """RFC 7517, 5, of the kinds in ASSERTION_ALGORITHMS and without a private part."""
    try:
        keys = KeySet.import_key_set(value).keys  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, KeyError):
        raise ValueError("must be a JSON Web Key Set") from None
    if not keys or any(key.is_private or not _is_strong(key) for key in keys):
        raise ValueError("must hold public keys: EC P-256, Ed25519, or RSA of 2048 bits and more")
    return value


def _is_strong(key: Key) -> bool:
    match key:
        case RSAKey():
            return key.raw_value.key_size >= SHORTEST_RSA_KEY
        case ECKey() | OKPKey():
            return key.curve_name in ("P-256", "Ed25519")
    return False


PublicKeys = Annotated[dict[str, Any], AfterValidator(public_keys)]
# The name of a right of a service, as its resource server defines it ("screens.read").
ServiceScope = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$")]


class RegisterClient(BaseModel):
    """An application as its operator registers it.

    A ``public`` one (in a browser or on a phone) has no secret and relies on PKCE, which all use;
    one with ``jwks`` signs with its own key instead of showing a secret.
    """

    model_config = ConfigDict(extra="forbid")

    client_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$")] = (
        Field(default_factory=lambda: str(new_id()))
    )
    name: Name
    grants: list[GrantType] = [GrantType.CODE]
    redirect_uris: Annotated[list[Address], AfterValidator(one_host)] = []
    post_logout_redirect_uris: list[Address] = []
    backchannel_logout_uri: Address | None = None
    require_par: bool = False
    scopes: list[Scope] = [Scope.OPENID, Scope.PROFILE]
    service_scopes: list[ServiceScope] = []
    guarded_scopes: list[ServiceScope] = []
    algorithm: SigningAlgorithm = SigningAlgorithm.ES256
    public: bool = False
    secret: Annotated[str, Field(min_length=SHORTEST_CLIENT_SECRET, max_length=256)] | None = None
    jwks: PublicKeys | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.public + (self.secret is not None) + (self.jwks is not None) > 1:
            raise ValueError("public, secret and jwks exclude each other")
        if GrantType.CODE in self.grants and not self.redirect_uris:
            raise ValueError("authorization_code needs a redirect URI")
        if self.public and (GrantType.SERVICE in self.grants or self.guarded_scopes):
            raise ValueError("a service must show who it is: it cannot be public")
        if (GrantType.SERVICE in self.grants) != bool(self.service_scopes):
            raise ValueError("client_credentials and service scopes belong together")
        if Scope.OFFLINE in self.scopes and GrantType.REFRESH not in self.grants:
            raise ValueError("offline_access needs refresh_token")
        return self


class NewClient(BaseModel):
    """A registered application; its secret is shown this once. None: public, or not changed."""

    client_id: str
    secret: str | None = Field(repr=False)


class DeviceCodes(BaseModel):
    """What a device gets: its own code, the one it shows, and seconds (RFC 8628, 3.2)."""

    device_code: str = Field(repr=False)
    user_code: str
    expires_in: int
    interval: int


class EnterDeviceCode(BaseModel):
    """The code that a device shows, as it was typed."""

    model_config = ConfigDict(extra="forbid")

    user_code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class KeyState(StrEnum):
    """What a published signing key is for: to be known ahead, to sign, to verify old tokens."""

    NEXT = "next"
    CURRENT = "current"
    OLD = "old"


class PublishedKey(BaseModel):
    """A signing key as operators see it."""

    model_config = ConfigDict(frozen=True)

    kid: str
    algorithm: SigningAlgorithm
    active_at: datetime
    state: KeyState


class NoticeState(StrEnum):
    """How far telling an application of a sign-out has come."""

    TELLING = "telling"
    RETRYING = "retrying"
    ANSWERED = "answered"
    GIVEN_UP = "given_up"


class ToldApplication(BaseModel):
    """An application that is told that a session has ended."""

    model_config = ConfigDict(frozen=True)

    name: str
    state: NoticeState

    @property
    def moving(self) -> bool:
        """Whether looking again shortly may show something else."""
        return self.state in (NoticeState.TELLING, NoticeState.RETRYING)


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
