"""The platform's state: codes, tokens and limits; read and changed under one lock."""

import hmac
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from flask import current_app

from standins.config import StandinConfig
from standins.memory import Bounded
from standins.wechat.errors import WeChatError
from standins.wechat.people import Person, people

EXTENSION = "standins.wechat"
MINUTE = 60
# In its last five minutes a stable token makes room for the next one, and still works.
EARLY_SECONDS = 300


class Kind(StrEnum):
    """What a code is good for."""

    LOGIN = "login"
    PHONE = "phone"
    OAUTH = "oauth"


@dataclass
class Code:
    """Given to a person in one application, for one exchange."""

    kind: Kind
    app_id: str
    person: Person
    expires_at: float
    scope: str = ""
    used: bool = False


@dataclass
class Token:
    """An access token of an application."""

    value: str
    made_at: float
    expires_at: float
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What a refresh token of the web authorization stands for."""

    app_id: str
    person: Person
    scope: str


class Platform:
    """One open platform account with a mini-program and an official account."""

    def __init__(self, config: StandinConfig) -> None:
        self.config = config
        self.people = people(config.wechat_phone)
        self.calls: dict[str, int] = {}
        self._lock = threading.RLock()
        self._codes: Bounded[str, Code] = Bounded(config.kept)
        self._tokens: Bounded[str, Token] = Bounded(config.kept)
        self._current: dict[str, Token] = {}
        self._replacements: dict[str, deque[float]] = {}
        self._asked: Bounded[str, deque[float]] = Bounded(config.kept)
        self._grants: Bounded[str, Grant] = Bounded(config.kept)
        self._busy = 0

    def answer(self, call: str) -> None:
        """Count a call. Raises WeChatError -1 while the platform is to be busy."""
        with self._lock:
            self.calls[call] = self.calls.get(call, 0) + 1
            if self._busy:
                self._busy -= 1
                raise WeChatError(-1)

    def be_busy(self, times: int) -> None:
        """Let the next calls fail."""
        with self._lock:
            self._busy = times

    def end_tokens(self, *, expired: bool) -> None:
        """Let all access tokens be stale: expired (42001), or replaced by somebody else (40001)."""
        with self._lock:
            for token in self._current.values():
                token.replaced = not expired
                token.expires_at = 0 if expired else token.expires_at
            self._current.clear()

    def check_secret(self, app_id: str, secret: str, *apps: tuple[str, str]) -> None:
        """Raises WeChatError 41002, 41004, 40013 or 40125 unless they are one of ``apps``."""
        if not app_id:
            raise WeChatError(41002)
        if not secret:
            raise WeChatError(41004)
        known = dict(apps)
        if app_id not in known:
            raise WeChatError(40013)
        if not hmac.compare_digest(known[app_id].encode(), secret.encode()):
            raise WeChatError(40125)

    def make_code(self, kind: Kind, app_id: str, person: Person, scope: str = "") -> str:
        """A code for ``person``, good for five minutes and one exchange."""
        value = "0" + secrets.token_hex(15)
        expires_at = time.monotonic() + self.config.wechat_code_seconds
        with self._lock:
            self._codes[value] = Code(kind, app_id, person, expires_at, scope)
        return value

    def use_code(self, kind: Kind, app_id: str, value: str) -> Code:
        """Raises WeChatError: 40029 for an unknown or late one, 40163 for a used one."""
        if not value:
            raise WeChatError(41008)
        with self._lock:
            code = self._codes.get(value)
            if code is None or (code.kind, code.app_id) != (kind, app_id):
                raise WeChatError(40029)
            if code.used:
                raise WeChatError(40163)
            if code.expires_at <= time.monotonic():
                raise WeChatError(40029)
            code.used = True
            return code

    def limit(self, person: Person) -> None:
        """Raises WeChatError 45011 beyond ``wechat_per_minute`` calls for one person."""
        now = time.monotonic()
        with self._lock:
            times = self._asked.get(person.key) or deque()
            while times and times[0] <= now - MINUTE:
                times.popleft()
            if len(times) >= self.config.wechat_per_minute:
                raise WeChatError(45011)
            times.append(now)
            self._asked[person.key] = times

    def stable_token(self, app_id: str, *, replace: bool) -> tuple[str, int]:
        """The application's token and its remaining seconds: the same one to all who ask.

        ``replace`` ends it and gives another: not within 30 s of the last time, and 20 times a day.
        """
        now = time.monotonic()
        with self._lock:
            current = self._current.get(app_id)
            if current is None or current.expires_at - now <= EARLY_SECONDS:
                current = self._make_token(app_id, now)
            elif replace and self._may_replace(app_id, now):
                current.replaced = True
                current = self._make_token(app_id, now)
            return current.value, int(current.expires_at - now)

    def check_token(self, value: str) -> None:
        """Raises WeChatError 41001, 40001 or 42001."""
        if not value:
            raise WeChatError(41001)
        with self._lock:
            token = self._tokens.get(value)
            if token is None or token.replaced:
                raise WeChatError(40001)
            if token.expires_at <= time.monotonic():
                raise WeChatError(42001)

    def grant(self, granted: Grant) -> str:
        """A refresh token."""
        value = secrets.token_urlsafe(48)
        with self._lock:
            self._grants[value] = granted
        return value

    def find_grant(self, app_id: str, refresh_token: str) -> Grant:
        """Raises WeChatError 40030."""
        with self._lock:
            found = self._grants.get(refresh_token)
        if found is None or found.app_id != app_id:
            raise WeChatError(40030)
        return found

    def _make_token(self, app_id: str, now: float) -> Token:
        value = secrets.token_urlsafe(96)
        token = Token(value, now, now + self.config.wechat_token_seconds)
        self._tokens[value] = self._current[app_id] = token
        return token

    def _may_replace(self, app_id: str, now: float) -> bool:
        times = self._replacements.setdefault(app_id, deque(maxlen=self.config.kept))
        if times and now - times[-1] < self.config.wechat_replace_seconds:
            return False
        if sum(1 for moment in times if moment > now - 24 * 3600) >= 20:
            raise WeChatError(45009)
        times.append(now)
        return True


def platform() -> Platform:
    """The platform of the running application."""
    return cast(Platform, current_app.extensions[EXTENSION])
