"""What the provider tells us: twice, late, out of order, forged, or about too little money."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.events import Event, subscribe
from core.ids import new_id
from payments.events import PaymentCancelled, PaymentFailed, PaymentRefunded, PaymentSettled
from payments.models import Payment, WebhookEvent
from payments.public import collect, request_checkout, take_checkout
from payments.schemas import PaymentState
from payments.services.collecting import AMOUNT_MISMATCH
from tests.factories.payments import (
    Cashier,
    deliver,
    make_payment,
    redirect_status,
    state_of,
)

RETURN_URL = "http://127.0.0.1:8000/packs/orders/1/return"
SUCCEEDED = "payment_intent.succeeded"
FAILED = "payment_intent.payment_failed"
CANCELED = "payment_intent.canceled"
EVENTS: tuple[type[Event], ...] = (
    PaymentSettled,
    PaymentFailed,
    PaymentCancelled,
    PaymentRefunded,
)
seen: list[str] = []


def note(session: Session, event: Event) -> None:
    if event.model_dump()["purpose"] == "test":
        seen.append(type(event).__name__)


@pytest.fixture(autouse=True)
def announced(run_jobs: Callable[[], int]) -> Callable[[], list[str]]:
    """A function: what was announced so far."""
    for event in EVENTS:
        subscribe(event, note)
    seen.clear()

    def drained() -> list[str]:
        run_jobs()
        return seen

    return drained


def begin(session: Session, payer: Actor, *, amount_fen: int = 13_000) -> tuple[Payment, str]:
    """An open payment and where to pay it."""
    payment = make_payment(session, payer, amount_fen=amount_fen)
    request = request_checkout(session, payer, payment.id, RETURN_URL)
    checkout = take_checkout(session, collect(request))
    assert checkout and checkout.checkout_url and checkout.client_secret
    session.commit()
    return payment, checkout.checkout_url


def test_a_payment_settles_by_its_webhook_once(
    session: Session,
    payer: Actor,
    client: FlaskClient,
    cashier: Cashier,
    announced: Callable[[], list[str]],
) -> None:
    payment, url = begin(session, payer)
    assert state_of(session, payment.id) is PaymentState.PENDING
    assert redirect_status(cashier.choose(url, "pay")) == "succeeded"
    [event] = cashier.events(SUCCEEDED)
    assert [deliver(client, event) for _ in range(3)] == [200, 200, 200]
    assert state_of(session, payment.id) is PaymentState.SETTLED
    assert announced() == ["PaymentSettled"]
    kept = session.scalars(select(WebhookEvent)).one()
    assert (kept.payment_id, kept.handled_at is not None) == (payment.id, True)


def test_a_forged_or_stale_webhook_does_nothing(
    session: Session, payer: Actor, client: FlaskClient, cashier: Cashier
) -> None:
    payment, url = begin(session, payer)
    cashier.choose(url, "pay")
    [event] = cashier.events(SUCCEEDED)
    assert deliver(client, event, secret="whsec_of_a_forger") == 400
    assert deliver(client, event, age=301) == 400
    assert client.post("/webhooks/stripe", data=b"{}").status_code == 400
    assert state_of(session, payment.id) is PaymentState.PENDING
    assert session.scalar(select(func.count()).select_from(WebhookEvent)) == 0


def test_a_late_failure_does_not_undo_the_money(
    session: Session,
    payer: Actor,
    client: FlaskClient,
    cashier: Cashier,
    announced: Callable[[], list[str]],
) -> None:
    payment, url = begin(session, payer)
    assert redirect_status(cashier.choose(url, "decline")) == "failed"
    cashier.choose(url, "pay")
    [failure] = cashier.events(FAILED)
    [success] = cashier.events(SUCCEEDED)
    assert deliver(client, success) == 200
    assert deliver(client, failure) == 200
    assert state_of(session, payment.id) is PaymentState.SETTLED
    assert announced() == ["PaymentSettled"]


def test_a_declined_attempt_may_be_followed_by_another(
    session: Session,
    payer: Actor,
    client: FlaskClient,
    cashier: Cashier,
    announced: Callable[[], list[str]],
) -> None:
    payment, url = begin(session, payer)
    for _ in range(2):
        cashier.choose(url, "decline")
        assert deliver(client, cashier.events(FAILED)[-1]) == 200
        assert state_of(session, payment.id) is PaymentState.FAILED
        again = take_checkout(
            session, collect(request_checkout(session, payer, payment.id, RETURN_URL))
        )
        assert again and again.checkout_url
        session.commit()
        assert state_of(session, payment.id) is PaymentState.PENDING
        url = again.checkout_url
    cashier.choose(url, "pay")
    assert deliver(client, cashier.events(SUCCEEDED)[0]) == 200
    assert state_of(session, payment.id) is PaymentState.SETTLED
    assert announced() == ["PaymentFailed", "PaymentFailed", "PaymentSettled"]
    assert len(cashier.events("payment_intent.created")) == 1


def test_a_webhook_may_come_before_the_answer(
    session: Session, payer: Actor, client: FlaskClient, cashier: Cashier
) -> None:
    payment = make_payment(session, payer)
    intent = collect(request_checkout(session, payer, payment.id, RETURN_URL))
    session.commit()  # the answer is lost here
    assert intent.checkout_url
    cashier.choose(intent.checkout_url, "pay")
    assert deliver(client, cashier.events(SUCCEEDED)[0]) == 200
    assert state_of(session, payment.id) is PaymentState.SETTLED
    assert payment.provider_reference == intent.reference


@pytest.mark.parametrize(
    "changed", [{"amount_received": 12_999}, {"amount_received": 13_001}, {"currency": "usd"}]
)
def test_another_amount_does_not_settle(
    session: Session,
    payer: Actor,
    client: FlaskClient,
    cashier: Cashier,
    announced: Callable[[], list[str]],
    changed: dict[str, object],
) -> None:
    payment, url = begin(session, payer)
    cashier.choose(url, "pay")
    [event] = cashier.events(SUCCEEDED)
    event["data"]["object"] |= changed
    assert deliver(client, event) == 200
    assert state_of(session, payment.id) is PaymentState.PENDING
    assert payment.failure_code == AMOUNT_MISMATCH
    assert announced() == []


def test_unknown_events_are_acknowledged(
    session: Session, payer: Actor, client: FlaskClient, cashier: Cashier
) -> None:
    _, url = begin(session, payer)
    cashier.choose(url, "pay")
    [event] = cashier.events(SUCCEEDED)
    event["data"]["object"] |= {"id": "pi_of_another_shop", "metadata": {}}
    assert deliver(client, event | {"id": "evt_a"}) == 200
    event["data"]["object"]["metadata"] = {"payment_id": str(new_id())}
    assert deliver(client, event | {"id": "evt_b"}) == 200
    customer = {"id": "cus_1", "object": "customer"}
    other = {"id": "evt_c", "type": "customer.created", "data": {"object": customer}}
    assert deliver(client, event | other) == 200
    handled = session.scalars(select(WebhookEvent.handled_at)).all()
    assert handled == [None, None, None]


def test_a_full_refund_is_taken_over(
    session: Session,
    payer: Actor,
    client: FlaskClient,
    cashier: Cashier,
    announced: Callable[[], list[str]],
) -> None:
    payment, url = begin(session, payer)
    cashier.choose(url, "pay")
    deliver(client, cashier.events(SUCCEEDED)[0])
    session.refresh(payment)
    reference = str(payment.provider_reference)
    for amount in (3_000, 10_000):
        cashier.client.v1.refunds.create({"payment_intent": reference, "amount": amount})
    part, rest = cashier.events("refund.created")
    assert deliver(client, part) == 200
    announced()
    assert state_of(session, payment.id) is PaymentState.SETTLED
    assert deliver(client, rest) == 200
    announced()
    assert state_of(session, payment.id) is PaymentState.REFUNDED
    assert announced() == ["PaymentSettled", "PaymentRefunded"]


def test_a_refund_heard_of_first_is_the_last_word(
    session: Session,
    payer: Actor,
    client: FlaskClient,
    cashier: Cashier,
    announced: Callable[[], list[str]],
) -> None:
    payment, url = begin(session, payer)
    cashier.choose(url, "pay")
    session.refresh(payment)
    cashier.client.v1.refunds.create({"payment_intent": str(payment.provider_reference)})
    deliver(client, cashier.events("refund.created")[0])
    announced()
    deliver(client, cashier.events(SUCCEEDED)[0])
    assert state_of(session, payment.id) is PaymentState.REFUNDED
    assert announced() == ["PaymentSettled", "PaymentRefunded"]


def test_a_provider_that_closes_an_intent_closes_the_payment(
    session: Session,
    payer: Actor,
    client: FlaskClient,
    cashier: Cashier,
    announced: Callable[[], list[str]],
) -> None:
    payment, _ = begin(session, payer)
    session.refresh(payment)
    cashier.client.v1.payment_intents.cancel(str(payment.provider_reference))
    deliver(client, cashier.events(CANCELED)[0])
    assert state_of(session, payment.id) is PaymentState.CANCELLED
    assert announced() == ["PaymentCancelled"]
