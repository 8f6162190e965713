"""A production with a missing or weak setting does not come up and says what to set."""

import pytest

from core.settings import SettingsError, load_settings

GOOD = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://db.example/kangqiao",
    "PUBLIC_URL": "https://health.example",
    "SECRET_KEY": "s" * 32,
    "DATA_KEY": "d" * 32,
    "SMS_URL": "https://sms.example",
    "SMS_KEY": "k",
    "IDENTITY_URL": "https://id.example",
    "IDENTITY_KEY": "k",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_x",
    "SEAL_KEY_FILE": "/etc/kangqiao/seal.p12",
    "SEAL_KEY_PASSWORD": "k",
    "TRUSTED_PROXIES": "1",
    "AUDIT_COPY_DIR": "/mnt/elsewhere/audit-heads",
}


def start(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    for name, value in (GOOD | changed).items():
        monkeypatch.setenv(name, value)
    load_settings()


def test_a_complete_production_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    start(monkeypatch)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("DATA_KEY", ""),
        ("STRIPE_WEBHOOK_SECRET", ""),
        ("SMS_URL", "https://127.0.0.1:8001"),
        ("STRIPE_API_BASE", "http://stripe.example"),
        ("PUBLIC_URL", "http://health.example"),
        ("DATABASE_URL", ""),
        ("WECHAT_API_BASE", "https://127.0.0.1:8001"),
        ("WECHAT_OAUTH_BASE", "http://weixin.example"),
        ("WECHAT_MINI_PROGRAM_ID", "wx1"),
        ("WECHAT_OFFICIAL_ACCOUNT_SECRET", "s"),
        ("WECHAT_OFFICIAL_ACCOUNT_SCOPE", "everything"),
        ("SEAL_KEY_FILE", ""),
        ("SEAL_KEY_PASSWORD", ""),
        ("TRUSTED_PROXIES", ""),
        ("AUDIT_COPY_DIR", ""),
        ("SEAL_TSA_URL", "http://time.example"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        start(monkeypatch, **{name: value})
