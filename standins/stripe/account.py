"""One merchant's account: its objects, its events, and the one lock over them."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from standins.config import STRIPE_API_VERSION, StandinConfig
from standins.memory import Bounded
from standins.schedule import Schedule
from standins.stripe.errors import NotBegun
from standins.stripe.idempotency import Replies
from standins.stripe.objects import (
    Charge,
    Customer,
    Intent,
    JsonObject,
    Method,
    Refund,
    RefundStatus,
    new_id,
    now,
)
from standins.stripe.webhooks import Webhooks

EXTENSION = "standins.stripe"


@dataclass(frozen=True, slots=True)
class Origin:
    """The API request that an event comes from; both empty for what the payer did."""

    request_id: str | None = None
    idempotency_key: str | None = None


class Account:
    """Read and changed only while ``lock`` is held, so that every request sees one state."""

    def __init__(self, config: StandinConfig, schedule: Schedule) -> None:
        self.config = config
        self.schedule = schedule
        self.webhooks = Webhooks(config, schedule)
        self.lock = threading.RLock()
        self.intents: Bounded[str, Intent] = Bounded(config.kept)
        self.methods: Bounded[str, Method] = Bounded(config.kept)
        self.charges: Bounded[str, Charge] = Bounded(config.kept)
        self.refunds: Bounded[str, Refund] = Bounded(config.kept)
        self.customers: Bounded[str, Customer] = Bounded(config.kept)
        self.events: Bounded[str, JsonObject] = Bounded(config.kept)
        # How the refunds that are made from now on begin (the switch of the tests).
        self.refunds_begin = RefundStatus.SUCCEEDED
        self.replies = Replies(config.kept)
        self.origin = Origin()
        self._outbox: list[JsonObject] = []
        self._requests: deque[float] = deque()

    def record(self, kind: str, body: JsonObject, previous: JsonObject | None = None) -> None:
        """Keep an event of what just happened to ``body``, with the values it had before."""
        data = {"object": body} | ({"previous_attributes": previous} if previous else {})
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": STRIPE_API_VERSION,
            "created": now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {
                "id": self.origin.request_id,
                "idempotency_key": self.origin.idempotency_key,
            },
            "type": kind,
        }
        self.events[str(event["id"])] = event
        self._outbox.append(event)

    def take_outbox(self) -> list[JsonObject]:
        """The events recorded since the last call, for delivery once the lock is free."""
        taken, self._outbox = self._outbox, []
        return taken

    def limit_rate(self) -> None:
        """Raises NotBegun (429) beyond ``stripe_requests_per_second``."""
        moment = time.monotonic()
        while self._requests and self._requests[0] <= moment - 1:
            self._requests.popleft()
        if len(self._requests) >= self.config.stripe_requests_per_second:
            raise NotBegun(
                "Request rate limit exceeded. You can learn more about rate limits here "
                "https://stripe.com/docs/rate-limits.",
                code="rate_limit",
                status=429,
            )
        self._requests.append(moment)

    def by_payer(self, act: Callable[[], None]) -> None:
        """Do what the payer or the bank does, outside any API request, and send its events."""
        with self.lock:
            self.origin = Origin()
            act()
            events, mode = self.take_outbox(), self.webhooks.mode
        self.webhooks.send(events, mode)


def current_account() -> Account:
    """The account of the running application."""
    return cast(Account, current_app.extensions[EXTENSION])
