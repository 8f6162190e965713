"""WeChat's side, and the SMS that bind a phone."""

from collections.abc import Iterator

import pytest
from apiflask import APIFlask

from auth import ports
from tests.factories.wechat import Standin, wechat_standin


@pytest.fixture
def standin(app: APIFlask) -> Iterator[Standin]:
    """A running stand-in, which is this process's WeChat."""
    with wechat_standin() as standin:
        yield standin


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was sent by SMS: (phone, code)."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(
        ports, "_code_sender", lambda phone, code, _: messages.append((phone, code))
    )
    return messages
