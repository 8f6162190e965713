"""Administering applications: what is registered, who sees their tile, how they are used."""

import json
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from auth.schemas.administration import AtVersion, UnitCode
from auth.schemas.sso import (
    GrantType,
    Name,
    Scope,
    ServiceScope,
    SigningAlgorithm,
    exact_address,
    one_host,
    public_keys,
)
from core.access import Role
from core.messages import N_
from core.paging import PageQuery
from core.searching import SearchText

MOST_ADDRESSES = 20
NOT_AN_ADDRESS = N_(
    "请填 https 开头的完整地址，不带空格、用户名和 #，例如 https://app.example.cn/back；"
    "只有本机可以用 http"
)
NOT_ONE_HOST = N_("一个应用的回调地址要在同一主机上")
NOT_PUBLIC_KEYS = N_("请填 JWKS 格式的公钥：EC P-256、Ed25519，或 2048 位以上的 RSA，不带私钥")
T = TypeVar("T")


class ApplicationAction(StrEnum):
    """What administrators may do with applications."""

    LIST = "auth:list-managed-applications"
    READ = "auth:read-application"
    REGISTER = "auth:register-application"
    CHANGE = "auth:change-application"
    DISABLE = "auth:disable-application"


class Icon(StrEnum):
    """The pictures to choose from, by their names in the sprite (auth/icons.html draws them)."""

    APPS = "apps"
    STETHOSCOPE = "stethoscope"
    PILL = "pill"
    MONITOR = "heart-rate-monitor"
    VACCINE = "vaccine"
    REPORT = "report-medical"
    CLIPBOARD = "clipboard-list"
    CALENDAR = "calendar-plus"
    HOSPITAL = "building-hospital"
    GOVERNMENT = "building-bank"
    CHART = "chart-bar"
    MESSAGE = "message"
    AMBULANCE = "ambulance"
    MICROSCOPE = "microscope"


class ApplicationState(StrEnum):
    """Which applications a list shows."""

    ACTIVE = "active"
    DISABLED = "disabled"
    ALL = "all"


def in_words(value: object) -> object:
    """The words of a text, or of each text of a list: a form's text area is one text."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return value
    return [word for text in texts for word in text.split()]


def said(check: Callable[[T], T], sentence: str) -> Callable[[T], T]:
    """An operator's check, which refuses in English, with a sentence for forms."""

    def checked(value: T) -> T:
        try:
            return check(value)
        except ValueError:
            raise ValueError(sentence) from None

    return checked


Address = Annotated[
    str, Field(max_length=1000), AfterValidator(said(exact_address, NOT_AN_ADDRESS))
]
Addresses = Annotated[list[Address], Field(max_length=MOST_ADDRESSES), BeforeValidator(in_words)]
RedirectAddresses = Annotated[Addresses, AfterValidator(said(one_host, NOT_ONE_HOST))]
ServiceScopes = Annotated[
    list[ServiceScope], Field(max_length=MOST_ADDRESSES), BeforeValidator(in_words)
]


def _from_text(value: object) -> object:
    """A form's text area holds JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError(NOT_PUBLIC_KEYS) from None


Keys = Annotated[
    dict[str, Any],
    BeforeValidator(_from_text),
    AfterValidator(said(public_keys, NOT_PUBLIC_KEYS)),
]


class ApplicationSearch(PageQuery):
    """Find applications by name or number, and state."""

    search: SearchText = None
    state: ApplicationState = ApplicationState.ACTIVE


class Placement(BaseModel):
    """Where an application is shown. Administrators of ``unit`` and above keep it; people there and
    below whose role is in ``audience`` have its tile, which leads to ``launch_url``.
    """

    model_config = ConfigDict(extra="forbid")

    unit: UnitCode
    icon: Icon = Icon.APPS
    launch_url: Address | None = None
    audience: list[Role] = []


class RegisterApplication(Placement):
    """A new application, of any kind that there is: one that people sign in to, also one that
    refreshes, a device that is let in by a code, or a service that calls by itself with
    ``service_scopes``. ``guarded_scopes`` are those of its own API, for others to be given.
    """

    name: Name
    grants: list[GrantType] = [GrantType.CODE]
    redirect_uris: RedirectAddresses = []
    post_logout_redirect_uris: Addresses = []
    backchannel_logout_uri: Address | None = None
    scopes: list[Scope] = [Scope.OPENID, Scope.PROFILE]
    service_scopes: ServiceScopes = []
    guarded_scopes: ServiceScopes = []
    algorithm: SigningAlgorithm = SigningAlgorithm.ES256
    require_par: bool = False
    public: bool = False
    jwks: Keys | None = None


class ChangeApplication(BaseModel):
    """New values for the given fields, made on ``version``. Whether it is public, shows a secret or
    signs, and the host of its addresses, stay as they were registered.
    """

    model_config = ConfigDict(extra="forbid")

    version: AtVersion
    name: Name | None = None
    unit: UnitCode | None = None
    icon: Icon | None = None
    launch_url: Address | None = None
    audience: list[Role] | None = None
    grants: list[GrantType] | None = None
    redirect_uris: RedirectAddresses | None = None
    post_logout_redirect_uris: Addresses | None = None
    backchannel_logout_uri: Address | None = None
    scopes: list[Scope] | None = None
    service_scopes: ServiceScopes | None = None
    guarded_scopes: ServiceScopes | None = None
    algorithm: SigningAlgorithm | None = None
    require_par: bool | None = None
    jwks: Keys | None = None


class ApplicationVersion(BaseModel):
    """The state of the application that a request was made on."""

    model_config = ConfigDict(extra="forbid")

    version: AtVersion


class ApplicationView(BaseModel):
    """An application as administrators see it; never its secret. ``unit`` None: registered at the
    console and given no place yet, so only the region's administrators see it. One with ``keys``
    signs instead of showing a secret; until ``old_secret_ends_at`` its secret before works too.
    """

    id: UUID
    client_id: str
    name: str
    icon: Icon
    unit: str | None
    unit_name: str | None
    launch_url: str | None
    audience: list[Role]
    grants: list[GrantType]
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    backchannel_logout_uri: str | None
    scopes: list[Scope]
    service_scopes: list[str]
    guarded_scopes: list[str]
    algorithm: SigningAlgorithm
    require_par: bool
    public: bool
    keys: bool
    jwks: dict[str, Any] | None
    old_secret_ends_at: datetime | None
    disabled: bool
    version: int


class NewApplication(ApplicationView):
    """An application with its secret, which is shown once: None for a public one, and when a retry
    is answered.
    """

    secret: str | None = Field(repr=False)


class Tile(BaseModel):
    """An application on somebody's home."""

    name: str
    icon: Icon
    launch_url: str


class DayOfUse(BaseModel):
    """Sign-ins to an application on one day, and how many people they were of; ``tokens`` it took
    by itself, which no person stands behind.
    """

    day: date
    sign_ins: int
    people: int
    tokens: int


class Usage(BaseModel):
    """How an application was used on each of the last days, oldest first; ``people`` of the whole
    time are fewer than those of its days together.
    """

    days: list[DayOfUse]
    sign_ins: int
    people: int
    tokens: int


# How the history names what changed.
APPLICATION_LABELS = {
    "name": N_("名称"),
    "unit": N_("所属单位"),
    "icon": N_("图标"),
    "launch_url": N_("打开地址"),
    "audience": N_("给谁用"),
    "grants": N_("接入方式"),
    "service_scopes": N_("自己能做的事"),
    "guarded_scopes": N_("由它把关的事"),
    "require_par": N_("登录请求先由后台提交"),
    "jwks": N_("公钥"),
    "redirect_uris": N_("回调地址"),
    "post_logout_redirect_uris": N_("退出后的地址"),
    "backchannel_logout_uri": N_("退出通知地址"),
    "secret": N_("密钥"),
    "old_secret": N_("旧密钥"),
    "scopes": N_("可以知道"),
    "algorithm": N_("签名算法"),
    "public": N_("公开客户端"),
    "disabled": N_("停用"),
}
