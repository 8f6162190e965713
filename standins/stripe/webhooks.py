"""Signed events to the merchant: after the answer, with retries, with the troubles of real life."""

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import requests

from standins.config import StandinConfig
from standins.schedule import Schedule
from standins.stripe.objects import JsonObject

# The endpoint is subscribed to these; other events are only listed.
DELIVERED = frozenset(
    {
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
        "refund.created",
        "refund.updated",
        "refund.failed",
    }
)
TIMEOUT_SECONDS = 10
AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


class Mode(StrEnum):
    """How events travel: as they should, or in one of the ways they go wrong."""

    NORMAL = "normal"
    TWICE = "twice"
    LATE = "late"
    HELD = "held"
    FORGED = "forged"
    DROPPED = "dropped"


class Order(StrEnum):
    """In which order held events are released."""

    OLDEST_FIRST = "oldest_first"
    NEWEST_FIRST = "newest_first"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery; ``status`` is the merchant's, or None where it did not answer."""

    event: str
    type: str
    mode: Mode
    status: int | None


def signature(payload: str, secret: str, moment: int) -> str:
    """The ``Stripe-Signature`` header: HMAC-SHA-256 of ``t.payload`` (docs.stripe.com/webhooks)."""
    mac = hmac.new(secret.encode(), f"{moment}.{payload}".encode(), hashlib.sha256)
    return f"t={moment},v1={mac.hexdigest()}"


class Webhooks:
    """The deliveries; an event travels in the mode of the moment when it came about."""

    def __init__(self, config: StandinConfig, schedule: Schedule) -> None:
        self.config = config
        self.schedule = schedule
        self._lock = threading.Lock()
        self._mode = Mode.NORMAL
        self._held: deque[JsonObject] = deque(maxlen=config.kept)
        self._attempts: deque[Attempt] = deque(maxlen=config.kept)

    def switch(self, mode: Mode) -> None:
        """Let the following events travel in this way; held ones stay held."""
        with self._lock:
            self._mode = mode

    @property
    def mode(self) -> Mode:
        """How what comes about now travels."""
        with self._lock:
            return self._mode

    def send(self, events: list[JsonObject], mode: Mode) -> None:
        """Hand events to the background thread; returns at once."""
        for event in events:
            if event["type"] in DELIVERED:
                self._route(event, mode)

    def release(self, order: Order) -> int:
        """Send the held events now, in this order; how many they were."""
        with self._lock:
            events = list(self._held)
            self._held.clear()
        for event in events if order is Order.OLDEST_FIRST else reversed(events):
            self._queue(event, Mode.HELD)
        return len(events)

    def state(self) -> dict[str, Any]:
        """The mode, the ids of held events, and the attempts so far, oldest first."""
        with self._lock:
            return {
                "mode": self._mode,
                "held": [event["id"] for event in self._held],
                "attempts": [asdict(attempt) for attempt in self._attempts],
            }

    def _route(self, event: JsonObject, mode: Mode) -> None:
        match mode:
            case Mode.NORMAL | Mode.FORGED:
                self._queue(event, mode)
            case Mode.TWICE:
                self._queue(event, mode)
                self._queue(event, mode)
            case Mode.LATE:
                self._queue(event, mode, self.config.webhook_late_seconds)
            case Mode.HELD:
                with self._lock:
                    self._held.append(event)
            case Mode.DROPPED:
                pass

    def _queue(self, event: JsonObject, mode: Mode, delay: float = 0, tried: int = 0) -> None:
        self.schedule.after(delay, lambda: self._deliver(event, mode, tried))

    def _deliver(self, event: JsonObject, mode: Mode, tried: int) -> None:
        forged = mode is Mode.FORGED
        secret = secrets.token_hex(16) if forged else self.config.stripe_webhook_secret
        status = _post(self.config.stripe_webhook_url, json.dumps(event, indent=2), secret)
        with self._lock:
            self._attempts.append(Attempt(event["id"], event["type"], mode, status))
        delivered = status is not None and 200 <= status < 300
        delays = self.config.webhook_retry_delays
        # A forger does not insist; Stripe does, until it hears a 2xx.
        if not delivered and not forged and tried < len(delays):
            self._queue(event, mode, delays[tried], tried + 1)


def _post(url: str, payload: str, secret: str) -> int | None:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": AGENT,
        "Stripe-Signature": signature(payload, secret, int(time.time())),
    }
    with requests.Session() as session:
        # A proxy named in the environment must not see what stays on this machine.
        session.trust_env = False
        try:
            return session.post(
                url,
                data=payload.encode(),
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            ).status_code
        except requests.RequestException:
            return None
