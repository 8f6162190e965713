"""Payments for tests, and the provider's side of them: the real SDK against the stand-in."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import requests
import stripe
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy.orm import Session

from core.access import Actor
from core.ids import new_id
from core.settings import settings
from payments import ports
from payments.models import Payment
from payments.public import collect, look_up, request_checkout, take_intent
from payments.schemas import PaymentState
from payments.services.collecting import open_payment
from payments.stripe import StripeProvider
from standins.config import StandinConfig
from standins.server import running
from standins.stripe.webhooks import signature

SECRET_KEY = "sk_test_" + "k" * 24
WEBHOOK_SECRET = "whsec_" + "w" * 24
WEBHOOK_PATH = "/webhooks/stripe"
SECONDS = 10


def make_payment(session: Session, actor: Actor, *, amount_fen: int = 13_000) -> Payment:
    """An open payment for something."""
    assert actor.person_id
    view = open_payment(
        session,
        actor,
        purpose="test",
        subject_id=new_id(),
        person_id=actor.person_id,
        amount_fen=amount_fen,
        description="服务包订单 0001",
    )
    return session.get_one(Payment, view.id)


def state_of(session: Session, payment_id: UUID) -> PaymentState:
    """Where it stands in our books."""
    payment = session.get_one(Payment, payment_id, populate_existing=True)
    return PaymentState(payment.state)


def settle(
    session: Session, payer: Actor, cashier: "Cashier", *, amount_fen: int = 13_000
) -> Payment:
    """A payment that the payer made."""
    payment = make_payment(session, payer, amount_fen=amount_fen)
    intent = collect(request_checkout(session, payer, payment.id, "http://127.0.0.1:8000/back"))
    cashier.choose(str(intent.checkout_url), "pay")
    take_intent(session, look_up(intent.reference))
    session.commit()
    session.refresh(payment)
    return payment


@dataclass(frozen=True)
class Cashier:
    """Stripe's side in a test: what the payer does there, and the events it makes."""

    url: str
    client: stripe.StripeClient

    def choose(self, checkout_url: str, action: str) -> str:
        """Press a button of the cashier; gives where it sends the payer."""
        with requests.Session() as browser:
            browser.trust_env = False
            answer = browser.post(
                checkout_url, data={"action": action}, allow_redirects=False, timeout=SECONDS
            )
        assert answer.status_code == 303
        return answer.headers["Location"]

    def travel(self, mode: str) -> None:
        """How the following webhooks travel."""
        self._operate("PUT", "webhooks/mode", {"mode": mode})

    def begin_refunds(self, status: str) -> None:
        """In which state the following refunds begin."""
        self._operate("PUT", "refunds/begin", {"status": status})

    def settle(self, refund: str, status: str) -> None:
        """What the bank says of a refund."""
        self._operate("POST", f"refunds/{refund}/settle", {"status": status})

    def _operate(self, method: str, path: str, body: dict[str, str]) -> None:
        with requests.Session() as operator:
            operator.trust_env = False
            operator.request(
                method,
                f"{self.url}/stripe/{path}",
                json=body,
                headers={"Authorization": f"Bearer {SECRET_KEY}"},
                timeout=SECONDS,
            ).raise_for_status()

    def events(self, *types: str) -> list[dict[str, Any]]:
        """The events so far of these types, oldest first."""
        listed = self.client.v1.events.list({"types": list(types), "limit": 100})
        return [event.to_dict() for event in reversed(listed.data)]


@contextmanager
def stripe_standin(**config: Any) -> Iterator[Cashier]:
    """The stand-in as this process's provider, its webhooks dropped unless told otherwise."""
    chosen = StandinConfig(
        sms_key="s",
        identity_key="i",
        stripe_secret_key=SECRET_KEY,
        stripe_webhook_secret=WEBHOOK_SECRET,
        webhook_retry_delays=(),
        **config,
    )
    before = ports.provider()
    with running(chosen) as url:
        provide_stripe(url)
        client = stripe.StripeClient(SECRET_KEY, base_addresses={"api": url})
        cashier = Cashier(url, client)
        if "webhook_url" not in config:
            cashier.travel("dropped")
        yield cashier
    ports.provide(before)


def provide_stripe(url: str) -> None:
    """Make whatever answers at ``url`` this process's Stripe."""
    ports.provide(
        StripeProvider(
            settings().model_copy(
                update={
                    "stripe_api_base": url,
                    "stripe_secret_key": SecretStr(SECRET_KEY),
                    "stripe_webhook_secret": SecretStr(WEBHOOK_SECRET),
                }
            )
        )
    )


def deliver(
    client: FlaskClient,
    event: dict[str, Any],
    *,
    secret: str = WEBHOOK_SECRET,
    age: int = 0,
) -> int:
    """Post an event as Stripe does, signed ``age`` seconds ago; gives the status."""
    body = json.dumps(event)
    headers = {
        "Stripe-Signature": signature(body, secret, int(time.time()) - age),
        "Content-Type": "application/json",
    }
    return client.post(WEBHOOK_PATH, data=body, headers=headers).status_code


def redirect_status(address: str) -> str:
    """What the cashier's redirect claims."""
    return parse_qs(urlsplit(address).query)["redirect_status"][0]
