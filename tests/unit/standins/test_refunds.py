"""Refunds and the list of events, driven by the real Stripe SDK."""

import pytest
import requests
import stripe

from tests.unit.standins.conftest import STRIPE_KEY, Merchant, wait_until
from tests.unit.standins.test_intents import create

KEY = {"Authorization": f"Bearer {STRIPE_KEY}"}


def paid(client: stripe.StripeClient, amount: int = 10_000) -> stripe.PaymentIntent:
    intent = create(client, amount=amount, payment_method="pm_card_visa", confirm=True)
    assert isinstance(intent, stripe.PaymentIntent)
    return intent


def test_in_parts_and_then_the_rest(client: stripe.StripeClient) -> None:
    intent = paid(client)
    part = client.v1.refunds.create({"payment_intent": intent.id, "amount": 3_000})
    assert (part.status, part.amount, part.payment_intent) == ("succeeded", 3_000, intent.id)
    rest = client.v1.refunds.create({"payment_intent": intent.id})
    assert rest.amount == 7_000
    assert client.v1.refunds.retrieve(rest.id).amount == 7_000
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_already_refunded"


def test_never_more_than_was_received(client: stripe.StripeClient) -> None:
    intent = paid(client)
    client.v1.refunds.create({"charge": str(intent.latest_charge), "amount": 6_000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 4_001})


def test_only_what_was_paid(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="successful charge"):
        client.v1.refunds.create({"payment_intent": create(client).id})


def test_something_must_be_named(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({})
    assert caught.value.code == "parameter_missing"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": "pi_nothing"})


def test_a_retried_refund_is_one_refund(client: stripe.StripeClient) -> None:
    intent = paid(client)
    ids = {
        client.v1.refunds.create(
            {"payment_intent": intent.id, "amount": 100}, {"idempotency_key": "r"}
        ).id
        for _ in range(3)
    }
    assert len(ids) == 1


def settle(standins: str, refund_id: str, status: str) -> bool:
    """The bank's word about a refund; whether it changed anything."""
    url = f"{standins}/stripe/refunds/{refund_id}/settle"
    answer = requests.post(url, json={"status": status}, headers=KEY, timeout=10)
    answer.raise_for_status()
    return bool(answer.json()["changed"])


def test_the_bank_has_the_last_word(
    client: stripe.StripeClient, merchant: Merchant, standins: str
) -> None:
    intent = paid(client)
    begin = {"status": "pending"}
    requests.put(f"{standins}/stripe/refunds/begin", json=begin, headers=KEY, timeout=10)
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 6_000})
    assert refund.status == "pending"
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 4_001})
    moves = ("succeeded", "succeeded", "failed", "succeeded")
    assert [settle(standins, refund.id, to) for to in moves] == [True, False, True, False]
    failed = client.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    again = client.v1.refunds.create({"payment_intent": intent.id, "amount": 10_000})
    first = client.v1.refunds.list({"payment_intent": intent.id, "limit": 1})
    second = client.v1.refunds.list(
        {"payment_intent": intent.id, "limit": 1, "starting_after": again.id}
    )
    assert [each.id for each in (*first.data, *second.data)] == [again.id, refund.id]
    assert (first.has_more, second.has_more) == (True, False)
    wait_until(lambda: len(merchant.types()) == 6)
    assert [kind for kind in merchant.types() if kind.startswith("refund.")] == [
        "refund.created",
        "refund.updated",
        "refund.failed",
        "refund.updated",
        "refund.created",
    ]


def test_events_are_listed_newest_first(client: stripe.StripeClient) -> None:
    intent = paid(client)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    types = [event.type for event in client.v1.events.list().data]
    assert types == [
        "refund.created",
        "charge.refunded",
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
    ]
    [refunded] = client.v1.events.list({"type": "charge.refunded"}).data
    assert refunded.data.object["amount_refunded"] == 100
    assert refunded.data["previous_attributes"]["amount_refunded"] == 0
    assert client.v1.events.retrieve(refunded.id).id == refunded.id


def test_the_sdk_pages_through_events(client: stripe.StripeClient) -> None:
    for _ in range(5):
        create(client)
    pages = client.v1.events.list({"limit": 2, "types": ["payment_intent.created"]})
    assert pages.has_more
    assert len({event.id for event in pages.auto_paging_iter()}) == 5
    newest = client.v1.events.list({"limit": 1}).data[0]
    assert client.v1.events.list({"ending_before": newest.id}).data == []
    now = newest.created
    assert len(client.v1.events.list({"created": {"lte": now}}).data) == 5
    assert client.v1.events.list({"created": {"gt": now + 5}}).data == []
