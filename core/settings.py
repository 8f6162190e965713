"""Settings, typed and checked at start: a production with a weak secret never comes up."""

import secrets
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEMO_FILE = "demo.env"
SHORTEST_SECRET = 32
# What production reaches by https and never on this machine.
ADDRESSES = (
    "sms_url",
    "identity_url",
    "stripe_api_base",
    "wechat_api_base",
    "wechat_oauth_base",
    "public_url",
)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Environment(StrEnum):
    """Where this process runs: the loud demo, the tests, or for real."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class SettingsError(Exception):
    """The settings cannot be used; the text says what to set."""


class Settings(BaseSettings):
    """Read from the environment; in the demo also from ``INSTANCE_DIR/demo.env``."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    environment: Environment = Environment.DEMO
    region: str = "guigang"
    instance_dir: Path = Path("instance")
    # The second place of the audit's signed heads; best on another machine's disk.
    audit_copy_dir: Path | None = None
    database_url: str | None = None
    database_pool: int = Field(default=6, ge=1, le=64)
    # Requests that a process works on at once; who waits for somebody outside does not count. More
    # than a core's two hinder each other: with three a release took twice as long (bench/release).
    page_threads: int = Field(default=2, ge=1, le=64)
    # Live streams that a process holds open besides, a waiting thread each.
    live_streams: int = Field(default=16, ge=0, le=1000)
    public_url: str = "http://127.0.0.1:8000"
    # How many proxies of ours stand in front and write X-Forwarded-For and -Proto. Production says
    # it: where it is too few, everybody has one address, and one limit.
    trusted_proxies: int = Field(default=0, ge=0, le=4)
    secret_key: SecretStr = SecretStr("")
    data_key: SecretStr = SecretStr("")
    sms_url: str = ""
    sms_key: SecretStr = SecretStr("")
    identity_url: str = ""
    identity_key: SecretStr = SecretStr("")
    stripe_secret_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_api_base: str = "https://api.stripe.com"
    wechat_api_base: str = "https://api.weixin.qq.com"
    wechat_oauth_base: str = "https://open.weixin.qq.com"
    wechat_mini_program_id: str = ""
    wechat_mini_program_secret: SecretStr = SecretStr("")
    wechat_official_account_id: str = ""
    wechat_official_account_secret: SecretStr = SecretStr("")
    # The first asks the person nothing; the second shows WeChat's consent, gives the union id.
    wechat_official_account_scope: Literal["snsapi_base", "snsapi_userinfo"] = "snsapi_base"
    second_app_url: str = ""
    # PKCS #12: the region's key and certificate that seal agreements, with the chain above it. The
    # demo and the tests make their own.
    seal_key_file: Path | None = None
    seal_key_password: SecretStr = SecretStr("")
    # A time-stamping authority (RFC 3161); without one a seal states its time itself.
    seal_tsa_url: str = ""

    @property
    def demo(self) -> bool:
        """Whether the loud demo environment runs: banner on each page, stand-ins on loopback."""
        return self.environment is Environment.DEMO

    @property
    def https(self) -> bool:
        """Whether browsers reach this installation over TLS."""
        return self.public_url.startswith("https")

    @property
    def audit_copies(self) -> Path:
        """Where the audit's signed heads are copied to."""
        return self.audit_copy_dir or self.instance_dir / "audit-heads"

    @property
    def standins_url(self) -> str:
        """Where the demo's stand-ins answer; empty outside the demo."""
        return self.sms_url if self.demo else ""

    @model_validator(mode="after")
    def _refuse_half_of_a_wechat_application(self) -> Self:
        for name in ("wechat_mini_program", "wechat_official_account"):
            secret = getattr(self, f"{name}_secret").get_secret_value()
            if bool(getattr(self, f"{name}_id")) != bool(secret):
                raise ValueError(
                    f"set both {name.upper()}_ID and {name.upper()}_SECRET, or neither"
                )
        return self

    @model_validator(mode="after")
    def _refuse_what_production_must_not_have(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        for name in ("secret_key", "data_key"):
            if len(getattr(self, name).get_secret_value()) < SHORTEST_SECRET:
                raise ValueError(
                    f"set {name.upper()} to a random secret of {SHORTEST_SECRET} characters or more"
                )
        for name in ("sms_key", "identity_key", "stripe_secret_key", "stripe_webhook_secret"):
            if not getattr(self, name).get_secret_value():
                raise ValueError(f"set {name.upper()}, given by that service")
        for name in ADDRESSES:
            address = urlsplit(getattr(self, name))
            if address.scheme != "https":
                raise ValueError(f"set {name.upper()} to an https:// address")
            if address.hostname in LOOPBACK:
                raise ValueError(f"set {name.upper()} to the real service: it names this machine")
        if "trusted_proxies" not in self.model_fields_set:
            raise ValueError(
                "set TRUSTED_PROXIES to how many proxies stand in front and write X-Forwarded-For;"
                " 0 only where this process itself speaks TLS to browsers"
            )
        if not self.database_url:
            raise ValueError("set DATABASE_URL to the PostgreSQL of this installation")
        if self.audit_copy_dir is None:
            raise ValueError(
                "set AUDIT_COPY_DIR to a directory on another machine's disk for the audit's heads"
            )
        if self.seal_key_file is None or not self.seal_key_password.get_secret_value():
            raise ValueError(
                "set SEAL_KEY_FILE and SEAL_KEY_PASSWORD to the PKCS #12 file that seals agreements"
            )
        return self

    @model_validator(mode="after")
    def _refuse_a_time_that_is_nobodys(self) -> Self:
        address = urlsplit(self.seal_tsa_url)
        reached = address.scheme == "https" or address.hostname in LOOPBACK
        if self.seal_tsa_url and not reached:
            raise ValueError("set SEAL_TSA_URL to an https:// address, or leave it empty")
        return self


def load_settings() -> Settings:
    """Read and check the settings.

    Raises SettingsError with one sentence a setting that says what to set.
    """
    try:
        first = Settings()
        if first.environment is Environment.PRODUCTION:
            return first
        return Settings(_env_file=_demo_file(first.instance_dir))
    except ValidationError as error:
        lines = [_sentence(problem["loc"], problem["msg"]) for problem in error.errors()]
        raise SettingsError("The portal cannot start:\n  " + "\n  ".join(lines)) from None


def _sentence(place: tuple[int | str, ...], message: str) -> str:
    name = ".".join(str(part) for part in place).upper()
    text = message.removeprefix("Value error, ")
    return f"{name}: {text}" if name else text


def _demo_file(instance_dir: Path) -> Path:
    """The demo's own secrets, made once and kept in the instance directory."""
    file = instance_dir / DEMO_FILE
    if not file.exists():
        instance_dir.mkdir(parents=True, exist_ok=True)
        names = (
            "SECRET_KEY",
            "DATA_KEY",
            "SMS_KEY",
            "IDENTITY_KEY",
            "STRIPE_SECRET_KEY",
            "STRIPE_WEBHOOK_SECRET",
        )
        prefixes = {"STRIPE_SECRET_KEY": "sk_test_", "STRIPE_WEBHOOK_SECRET": "whsec_"}
        lines = [f"{name}={prefixes.get(name, '')}{secrets.token_hex(24)}\n" for name in names]
        file.write_text("".join(lines), encoding="utf-8")
        file.chmod(0o600)
    return file


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()
