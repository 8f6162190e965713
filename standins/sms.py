"""An SMS gateway: takes messages as a real one does and shows them in an inbox."""

import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    render_template,
    request,
)
from pydantic import BaseModel, ConfigDict, StringConstraints

from standins.callers import Refused, read_body, refusal, require_key
from standins.config import StandinConfig
from standins.language import language
from standins.memory import Bounded

EXTENSION = "standins.sms"
REFRESH_SECONDS = 5
SHOWN = 100
WINDOW_SECONDS = 60

blueprint = Blueprint("sms", __name__, url_prefix="/sms")
blueprint.register_error_handler(Refused, refusal)

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{5,20}$")]


class SendMessage(BaseModel):
    """The body of a send; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: Number
    template: Name
    params: dict[str, str]
    text: Text
    idempotency_key: Name


@dataclass(frozen=True, slots=True)
class Message:
    """An accepted message; ``at`` is UTC."""

    id: str
    at: datetime
    sent: SendMessage

    def view(self) -> dict[str, Any]:
        """The message as JSON."""
        return {"id": self.id, "at": self.at.isoformat(), **self.sent.model_dump()}


class Gateway:
    """The accepted messages, newest last; safe over threads."""

    def __init__(self, config: StandinConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._messages: deque[Message] = deque(maxlen=config.kept)
        self._by_key: Bounded[str, Message] = Bounded(config.kept)
        self._recent: Bounded[str, deque[float]] = Bounded(config.kept)

    def accept(self, sent: SendMessage) -> Message:
        """Take a message; the same key gives the message it gave before.

        Raises Refused: 409 for a key that was used for something else, 429 beyond
        ``sms_per_minute`` for one number, 503 for the numbers that are to fail.
        """
        with self._lock:
            before = self._by_key.get(sent.idempotency_key)
            if before is not None:
                return _same(before, sent)
            if sent.to in self.config.sms_unavailable_numbers:
                raise Refused(503, "unavailable", "The carrier does not answer.", retry_after=5)
            self._count(sent.to)
            message = Message(str(uuid4()), datetime.now(UTC), sent)
            self._messages.append(message)
            self._by_key[sent.idempotency_key] = message
            return message

    def messages(self, number: str = "") -> list[Message]:
        """Those to numbers that contain ``number``, newest first."""
        with self._lock:
            return [message for message in reversed(self._messages) if number in message.sent.to]

    def _count(self, number: str) -> None:
        now = time.monotonic()
        times = self._recent.get(number) or deque()
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        if len(times) >= self.config.sms_per_minute:
            wait = int(times[0] + WINDOW_SECONDS - now) + 1
            raise Refused(
                429,
                "rate_limited",
                "Too many messages to this number.",
                field="to",
                retry_after=wait,
            )
        times.append(now)
        self._recent[number] = times


def _same(before: Message, sent: SendMessage) -> Message:
    if before.sent != sent:
        raise Refused(
            409,
            "idempotency_conflict",
            "This key was used for another message.",
            field="idempotency_key",
        )
    return before


def _gateway() -> Gateway:
    return cast(Gateway, current_app.extensions[EXTENSION])


@blueprint.post("/messages")
def send() -> tuple[Response, int]:
    """Accept a message: 202 with its id."""
    gateway = _gateway()
    require_key(gateway.config.sms_key)
    message = gateway.accept(read_body(SendMessage))
    return jsonify(id=message.id), 202


@blueprint.get("/messages")
def listing() -> Response:
    """The messages to exactly ``to`` (or all), newest first, as JSON; for tests."""
    number = request.args.get("to", "")
    found = [m for m in _gateway().messages(number) if number in ("", m.sent.to)]
    return jsonify([message.view() for message in found])


@blueprint.get("/inbox")
def inbox() -> str:
    """The inbox of the demo's people."""
    gateway = _gateway()
    number = request.args.get("number", "").strip()
    found = gateway.messages(number)
    return render_template(
        "standins/inbox.html",
        messages=found[:SHOWN],
        total=len(found),
        number=number,
        refresh=0 if request.args.get("refresh") == "off" else REFRESH_SECONDS,
        when=_when,
    )


def _when(moment: datetime) -> str:
    chinese = language() == "zh"
    return str(
        format_datetime(
            moment,
            "M月d日 HH:mm:ss" if chinese else "d MMM HH:mm:ss",
            tzinfo=ZoneInfo(_gateway().config.time_zone),
            locale="zh_CN" if chinese else "en_GB",
        )
    )


def install(app: Flask, config: StandinConfig) -> None:
    """Open the gateway at ``/sms``."""
    app.extensions[EXTENSION] = Gateway(config)
    app.register_blueprint(blueprint)
