"""Running stand-ins, a merchant that receives webhooks, and the real Stripe SDK as its client."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import requests
import stripe
from flask import Flask, request

from standins.config import StandinConfig
from standins.server import running, serving

STRIPE_KEY = "sk_test_standins"
WEBHOOK_SECRET = "whsec_standins"
RETURN_URL = "http://127.0.0.1:8000/orders/1/paid?from=cashier"


def config(**changes: object) -> StandinConfig:
    """Settings with test keys; retries come at once."""
    keys: dict[str, object] = {
        "sms_key": "sms-test",
        "identity_key": "identity-test",
        "stripe_secret_key": STRIPE_KEY,
        "stripe_webhook_secret": WEBHOOK_SECRET,
        "webhook_retry_delays": (0.05, 0.05),
        "webhook_late_seconds": 0.3,
    }
    return StandinConfig.model_validate(keys | changes)


def stripe_client(url: str, key: str = STRIPE_KEY) -> stripe.StripeClient:
    """The SDK, pointed at the stand-in, past any proxy of the environment."""
    session = requests.Session()
    session.trust_env = False
    return stripe.StripeClient(
        key,
        base_addresses={"api": url},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=10, session=session),
    )


def wait_until(true: Callable[[], object], seconds: float = 5) -> None:
    """Wait for the background thread. Fails the test after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


@dataclass
class Merchant:
    """An endpoint that verifies webhooks with the SDK and answers the statuses it was told."""

    url: str = ""
    events: list[stripe.Event] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self) -> tuple[str, int]:
        """POST /webhook"""
        with self.lock:
            try:
                event = stripe.Webhook.construct_event(
                    request.get_data(), request.headers["Stripe-Signature"], WEBHOOK_SECRET
                )
            except stripe.SignatureVerificationError:
                self.forged.append(request.headers["Stripe-Signature"])
                return "", 400
            self.events.append(event)
            return "", self.answers.pop(0) if self.answers else 200

    def types(self) -> list[str]:
        """The types of the events so far."""
        with self.lock:
            return [event.type for event in self.events]


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    """A running merchant."""
    merchant = Merchant()
    app = Flask("merchant")
    app.add_url_rule("/webhook", view_func=merchant.receive, methods=["POST"])
    with serving(app) as url:
        merchant.url = f"{url}/webhook"
        yield merchant


@pytest.fixture
def standins(merchant: Merchant) -> Iterator[str]:
    """The base URL of running stand-ins with test settings."""
    with running(config(webhook_url=merchant.url)) as url:
        yield url


@pytest.fixture
def client(standins: str) -> stripe.StripeClient:
    """The real SDK as the merchant's client."""
    return stripe_client(standins)


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    """A browser without scripts."""
    with requests.Session() as session:
        session.trust_env = False
        yield session
