"""WeChat's side in a test: the stand-in as this process's WeChat, and what people do there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from pydantic import SecretStr

from core.settings import settings
from standins.config import StandinConfig
from standins.server import running
from wechat.public import WeChat, provide, wechat

MINI_PROGRAM = ("wx00000000000000aa", "secret of the mini-program")
OFFICIAL_ACCOUNT = ("wx00000000000000bb", "secret of the official account")
FIRST_PHONE = "12088880001"
SECONDS = 10


@dataclass(frozen=True)
class Standin:
    """The running stand-in."""

    url: str

    def codes(self, person: str = "a") -> tuple[str, str]:
        """(of wx.login, of the phone button) for a person."""
        with _browser() as browser:
            page = browser.post(f"{self.url}/wechat/", data={"person": person}, timeout=SECONDS)
        login, phone = (part.split("</code>")[0] for part in page.text.split("<code>")[1:3])
        return login, phone

    def authorize(self, address: str, person: str = "a") -> dict[str, str]:
        """Go on as ``person`` (or decline, with ``""``) at WeChat's page; the callback's query."""
        with _browser() as browser:
            answer = browser.post(
                address, data={"person": person}, allow_redirects=False, timeout=SECONDS
            )
        assert answer.status_code == 303, answer.text
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}

    def trouble(self, **what: Any) -> dict[str, int]:
        """Switch trouble on; how often each endpoint was called before."""
        headers = {"Authorization": f"Bearer {MINI_PROGRAM[1]}"}
        with _browser() as operator:
            answer = operator.put(
                f"{self.url}/wechat/switches", json=what, headers=headers, timeout=SECONDS
            )
        answer.raise_for_status()
        return dict(answer.json())

    def calls(self) -> dict[str, int]:
        """How often each endpoint was called."""
        return self.trouble()


def client_for(url: str, **changes: Any) -> WeChat:
    """The portal's client for what answers at ``url``."""
    chosen = {
        "wechat_api_base": url,
        "wechat_oauth_base": url,
        "wechat_mini_program_id": MINI_PROGRAM[0],
        "wechat_mini_program_secret": SecretStr(MINI_PROGRAM[1]),
        "wechat_official_account_id": OFFICIAL_ACCOUNT[0],
        "wechat_official_account_secret": SecretStr(OFFICIAL_ACCOUNT[1]),
        "wechat_official_account_scope": "snsapi_userinfo",
    }
    return WeChat(settings().model_copy(update=chosen | changes))


@contextmanager
def wechat_standin(scope: str = "snsapi_userinfo", **config: Any) -> Iterator[Standin]:
    """The stand-in as this process's WeChat."""
    chosen = StandinConfig(
        sms_key="s",
        identity_key="i",
        stripe_secret_key="sk",
        stripe_webhook_secret="wh",
        wechat_mini_program_id=MINI_PROGRAM[0],
        wechat_mini_program_secret=MINI_PROGRAM[1],
        wechat_official_account_id=OFFICIAL_ACCOUNT[0],
        wechat_official_account_secret=OFFICIAL_ACCOUNT[1],
        wechat_phone=FIRST_PHONE,
        **config,
    )
    before = wechat()
    with running(chosen) as url:
        provide(client_for(url, wechat_official_account_scope=scope))
        yield Standin(url)
    provide(before)


def _browser() -> requests.Session:
    browser = requests.Session()
    browser.trust_env = False
    return browser
