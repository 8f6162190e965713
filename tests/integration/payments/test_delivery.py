"""The whole way once: the provider itself posts the signed event to a portal that listens."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, cast

from apiflask import APIFlask
from flask import Flask
from sqlalchemy import Engine

from core.access import Actor
from core.database import transaction
from payments.public import collect, request_checkout, take_checkout
from payments.schemas import PaymentState
from standins.server import serving
from tests.factories.payments import WEBHOOK_PATH, make_payment, state_of, stripe_standin
from tests.factories.residents import make_resident

RETURN_URL = "http://127.0.0.1:8000/packs/orders/1/return"
SECONDS = 10


class Doorbell:
    """A WSGI application that tells when ``expected`` webhooks were answered."""

    def __init__(self, app: APIFlask, expected: int) -> None:
        self._app = app
        self._left = expected
        self.rung = threading.Event()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        body = list(self._app(environ, start_response))
        if environ["PATH_INFO"] == WEBHOOK_PATH:
            self._left -= 1
            if not self._left:
                self.rung.set()
        return body


def test_the_provider_delivers_twice_and_the_payment_settles(
    app: APIFlask, committed_database: Engine
) -> None:
    door = Doorbell(app, expected=2)
    with (
        serving(cast(Flask, door)) as portal,
        stripe_standin(webhook_url=portal + WEBHOOK_PATH) as cashier,
    ):
        cashier.travel("twice")
        with transaction() as session:
            account, person = make_resident(session)
            payer = Actor(account_id=account.id, person_id=person.id, verified=True)
            payment_id = make_payment(session, payer).id
        with transaction() as session:
            request = request_checkout(session, payer, payment_id, RETURN_URL)
        intent = collect(request)
        with transaction() as session:
            take_checkout(session, intent)
        cashier.choose(str(intent.checkout_url), "pay")
        assert door.rung.wait(SECONDS)
    with transaction() as session:
        assert state_of(session, payment_id) is PaymentState.SETTLED
