"""What Stripe says, in our words."""

import json
import time
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from core.errors import Invalid
from core.settings import settings
from payments.schemas import IntentStatus, RefundStatus
from payments.stripe import StripeProvider
from standins.stripe.webhooks import signature

SECRET = "whsec_of_the_unit_tests"
PAYMENT = UUID("019a0000-0000-7000-8000-000000000001")


@pytest.fixture
def provider() -> StripeProvider:
    chosen = {"stripe_webhook_secret": SecretStr(SECRET), "stripe_secret_key": SecretStr("sk")}
    return StripeProvider(settings().model_copy(update=chosen))


def intent(**more: Any) -> dict[str, Any]:
    body = {
        "id": "pi_1",
        "object": "payment_intent",
        "amount": 13_000,
        "amount_received": 0,
        "currency": "cny",
        "status": "requires_action",
        "metadata": {"payment_id": str(PAYMENT)},
        "last_payment_error": None,
        "next_action": None,
    }
    return body | more


def event(thing: dict[str, Any], kind: str) -> bytes:
    body = {"id": "evt_1", "object": "event", "type": kind, "data": {"object": thing}}
    return json.dumps(body).encode()


def signed(payload: bytes, *, secret: str = SECRET, age: int = 0) -> str:
    return signature(payload.decode(), secret, int(time.time()) - age)


@pytest.mark.parametrize(
    ("kind", "thing", "status", "failure"),
    [
        (
            "payment_intent.succeeded",
            intent(status="succeeded", amount_received=13_000),
            IntentStatus.SUCCEEDED,
            None,
        ),
        (
            "payment_intent.payment_failed",
            intent(status="requires_payment_method", last_payment_error={"code": "card_declined"}),
            IntentStatus.FAILED,
            "card_declined",
        ),
        ("payment_intent.canceled", intent(status="canceled"), IntentStatus.CANCELLED, None),
    ],
)
def test_events_of_intents(
    provider: StripeProvider,
    kind: str,
    thing: dict[str, Any],
    status: IntentStatus,
    failure: str | None,
) -> None:
    payload = event(thing, kind)
    read = provider.read_event(payload, signed(payload))
    assert (read.id, read.type) == ("evt_1", kind)
    assert read.intent is not None
    assert (read.intent.status, read.intent.failure_code) == (status, failure)
    assert (read.intent.payment_id, read.intent.currency) == (PAYMENT, "CNY")


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("pending", RefundStatus.PENDING),
        ("succeeded", RefundStatus.SUCCEEDED),
        ("canceled", RefundStatus.FAILED),
    ],
)
def test_a_refund_tells_how_it_stands(
    provider: StripeProvider, status: str, ours: RefundStatus
) -> None:
    refund = {
        "id": "re_1",
        "object": "refund",
        "payment_intent": "pi_1",
        "amount": 4_000,
        "currency": "cny",
        "status": status,
        "metadata": {"refund_id": str(PAYMENT), "attempt": "2"},
    }
    payload = event(refund, "refund.updated")
    read = provider.read_event(payload, signed(payload)).refund
    assert read is not None
    assert (read.reference, read.payment_reference, read.amount_fen) == ("re_1", "pi_1", 4_000)
    assert (read.refund_id, read.attempt, read.status) == (PAYMENT, 2, ours)
    payload = event(refund | {"metadata": {"attempt": "9" * 30}}, "refund.updated")
    read = provider.read_event(payload, signed(payload)).refund
    assert read is not None
    assert (read.refund_id, read.attempt) == (None, None)


def test_another_kind_asks_nothing(provider: StripeProvider) -> None:
    payload = event({"id": "cus_1", "object": "customer"}, "customer.created")
    assert provider.read_event(payload, signed(payload)).intent is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=1,v1=00",
        signed(b"{}", secret="whsec_of_a_forger"),
        signed(event(intent(status="succeeded"), "payment_intent.succeeded"), age=301),
        signed(event(intent(status="canceled"), "payment_intent.canceled")),
    ],
    ids=["missing", "nonsense", "forged", "stale", "of another body"],
)
def test_a_wrong_signature_is_refused(provider: StripeProvider, header: str) -> None:
    payload = event(intent(status="succeeded"), "payment_intent.succeeded")
    with pytest.raises(Invalid) as caught:
        provider.read_event(payload, header)
    assert caught.value.code == "bad_signature"


def test_a_signed_body_that_is_no_event_is_refused(provider: StripeProvider) -> None:
    payload = b"no json"
    with pytest.raises(Invalid):
        provider.read_event(payload, signed(payload))
