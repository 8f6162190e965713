"""What the stand-ins are told at start: addresses, keys, limits, and whom to fail."""

import secrets
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LOOPBACK = frozenset({"127.0.0.1", "localhost"})
WEBHOOK_PATH = "/webhooks/stripe"

# The version that the SDK `stripe` 16 pins; events carry it.
STRIPE_API_VERSION = "2026-10-28.endive"


def _loopback(url: str) -> str:
    """Test money, codes and redirects never leave this machine."""
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or address.hostname not in LOOPBACK:
        raise ValueError("must be an http address on this machine")
    return url.rstrip("/")


LoopbackUrl = Annotated[str, AfterValidator(_loopback)]
Key = Annotated[str, Field(min_length=1, repr=False)]
Seconds = Annotated[float, Field(ge=0)]


class StandinConfig(BaseModel):
    """Settings of all stand-ins; only the keys have no default.

    ``portal_url`` is the portal's origin and its OpenID Connect issuer. ``webhook_url`` is where
    Stripe events go, by default ``WEBHOOK_PATH`` at the portal. Without a
    ``clinic_client_secret`` the second application is a public client, guarded by PKCE alone; an
    empty ``clinic_redirect_uri`` means ``/clinic/callback`` at the address the browser used.
    The upstream provider knows the portal by ``upstream_client_id``, as a public client where no
    secret is given. ``wechat_phone`` is that of the first WeChat user. Amounts are in the smallest
    currency unit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    portal_url: LoopbackUrl = "http://127.0.0.1:8000"
    time_zone: str = "Asia/Shanghai"
    session_key: Key = Field(default_factory=lambda: secrets.token_hex(32))
    kept: int = Field(default=5_000, ge=1)

    sms_key: Key
    sms_per_minute: int = Field(default=5, ge=1)
    sms_unavailable_numbers: frozenset[str] = frozenset()

    identity_key: Key
    identity_mismatch_names: frozenset[str] = frozenset()
    identity_unavailable_numbers: frozenset[str] = frozenset()
    identity_slow_numbers: frozenset[str] = frozenset()
    identity_slow_seconds: Seconds = 10

    stripe_secret_key: Key
    stripe_webhook_secret: Key
    webhook_url: LoopbackUrl | None = None
    webhook_retry_delays: tuple[Seconds, ...] = (1, 5, 15, 60)
    webhook_late_seconds: Seconds = 3
    stripe_minimum_amount: int = Field(default=400, ge=1)
    stripe_requests_per_second: int = Field(default=100, ge=1)
    stripe_processing_seconds: Seconds = 0

    # Without an id the application does not exist at WeChat, and everything for it is refused.
    wechat_mini_program_id: str = ""
    wechat_mini_program_secret: str = Field(default="", repr=False)
    wechat_official_account_id: str = ""
    wechat_official_account_secret: str = Field(default="", repr=False)
    wechat_phone: str = "12000000001"
    wechat_code_seconds: Seconds = 300
    wechat_token_seconds: Seconds = 7200
    wechat_replace_seconds: Seconds = 30
    wechat_per_minute: int = Field(default=100, ge=1)

    clinic_client_id: str = "clinic-demo"
    clinic_client_secret: str = Field(default="", repr=False)
    clinic_redirect_uri: str = ""
    clinic_scope: str = "openid profile"

    # The hospital's id in the portal, how its system is known there, and what both sign with.
    hospital_id: str = ""
    hospital_client_id: str = "hospital-demo"
    hospital_client_secret: str = Field(default="", repr=False)
    hospital_link_secret: str = Field(default="", repr=False)
    hospital_slow_seconds: Seconds = 7
    hospital_tolerance_seconds: Seconds = 300

    upstream_client_id: str = "kangqiao"
    upstream_client_secret: str = Field(default="", repr=False)

    @property
    def stripe_webhook_url(self) -> str:
        """Where signed Stripe events are posted."""
        return self.webhook_url or self.portal_url + WEBHOOK_PATH
