"""Signing in with another institution's account: providers, identities, and what they may do."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from auth.schemas.administration import AtVersion, UnitCode
from auth.schemas.applications import Icon, in_words
from auth.schemas.sso import Address, Name
from core.access import Role
from core.messages import N_

# What a claim of another institution may give. Team roles follow a roster; who administers, guards
# or audits is decided here alone.
MAPPED_ROLES = (Role.REGISTRAR, Role.ANALYST)


class UpstreamAction(StrEnum):
    """What may be asked of providers and of identities at them."""

    ADMINISTER = "auth:administer-upstream"
    READ_IDENTITIES = "auth:read-identities"
    LINK = "auth:link-identity"
    UNLINK = "auth:unlink-identity"


def _issuer(address: str) -> str:
    """OpenID Connect Discovery 1.0, 3: no query."""
    if "?" in address:
        raise ValueError("an issuer has no query")
    return address


def _with_openid(scopes: list[str]) -> list[str]:
    return ["openid", *(scope for scope in scopes if scope != "openid")]


Issuer = Annotated[Address, AfterValidator(_issuer)]
Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Words = Annotated[list[Word], Field(max_length=50), BeforeValidator(in_words)]
Scopes = Annotated[Words, AfterValidator(_with_openid)]
Secret = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[\x20-\x7e]+$")]


class UpstreamSettings(BaseModel):
    """What an administrator decides about a provider.

    ``linking``: its people may join it to their account here. ``just_in_time``: those without an
    account may get one. ``role_claim`` names the claim that ``MapRole`` reads.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name
    icon: Icon = Icon.HOSPITAL
    client_id: Word
    client_secret: Secret | None = Field(default=None, repr=False)
    scopes: Scopes = ["openid", "profile"]
    linking: bool = True
    just_in_time: bool = False
    role_claim: Word | None = None
    two_factor_values: Words = []
    phishing_resistant_values: Words = []


class RegisterUpstream(UpstreamSettings):
    """A new provider."""

    issuer: Issuer


class ChangeUpstream(UpstreamSettings):
    """All settings anew, made on ``version``; without a secret the stored one stays."""

    version: AtVersion


class UpstreamVersion(BaseModel):
    """The state of the provider that a request was made on."""

    model_config = ConfigDict(extra="forbid")

    version: AtVersion


class MapRole(BaseModel):
    """Whoever has ``value`` in the role claim holds ``role`` on ``unit``."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
    role: Role
    unit: UnitCode


class UnmapRole(BaseModel):
    """Take a rule away; the roles it gave end at once."""

    model_config = ConfigDict(extra="forbid")

    rule_id: UUID


class RoleRule(BaseModel):
    """A rule of a provider, as administrators see it."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    value: str
    role: Role
    unit: str
    unit_name: str


class UpstreamView(BaseModel):
    """A provider as administrators see it; never its secret."""

    id: UUID
    issuer: str
    name: str
    icon: Icon
    client_id: str
    has_secret: bool
    scopes: list[str]
    linking: bool
    just_in_time: bool
    role_claim: str | None
    two_factor_values: list[str]
    phishing_resistant_values: list[str]
    disabled: bool
    people: int
    version: int


class UpstreamDetail(UpstreamView):
    """With its rules, and the address that the provider has to know us by."""

    redirect_uri: str
    rules: list[RoleRule]


class Door(BaseModel):
    """A provider as the sign-in page offers it."""

    id: UUID
    name: str
    icon: Icon


class IdentityView(BaseModel):
    """A provider, and the account there that the person joined, if they did."""

    upstream_id: UUID
    upstream_name: str
    icon: Icon
    open: bool
    identity_id: UUID | None
    name: str | None
    linked_at: datetime | None
    used_at: datetime | None


class UnlinkIdentity(BaseModel):
    """Join an identity to an account no longer."""

    model_config = ConfigDict(extra="forbid")

    identity_id: UUID


# How the history names what changed.
UPSTREAM_LABELS = {
    "issuer": N_("地址（issuer）"),
    "name": N_("名称"),
    "icon": N_("图标"),
    "client_id": N_("客户端编号"),
    "client_secret": N_("客户端密钥"),
    "scopes": N_("请求的范围"),
    "linking": N_("可以连接已有账号"),
    "just_in_time": N_("可以建立新账号"),
    "role_claim": N_("角色字段"),
    "two_factor_values": N_("表示两种方式验证的值"),
    "phishing_resistant_values": N_("表示防钓鱼验证的值"),
    "role_rule": N_("角色规则"),
    "disabled": N_("停用"),
}
