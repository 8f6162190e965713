"""Webhooks: signed, retried, and wrong in every way that a test can ask for."""

import pytest
import requests
import stripe

from standins.server import running
from tests.unit.standins.conftest import STRIPE_KEY, Merchant, config, stripe_client, wait_until
from tests.unit.standins.test_intents import create

KEY = {"Authorization": f"Bearer {STRIPE_KEY}"}


def pay(client: stripe.StripeClient) -> str:
    return str(create(client, payment_method="pm_card_visa", confirm=True).id)


def switch(standins: str, mode: str) -> None:
    url = f"{standins}/stripe/webhooks/mode"
    assert requests.put(url, json={"mode": mode}, headers=KEY, timeout=10).ok


def attempts(standins: str) -> list[dict[str, object]]:
    state = requests.get(f"{standins}/stripe/webhooks", headers=KEY, timeout=10).json()
    found: list[dict[str, object]] = state["attempts"]
    return found


def test_every_outcome_is_announced(client: stripe.StripeClient, merchant: Merchant) -> None:
    paid = pay(client)
    client.v1.refunds.create({"payment_intent": paid})
    client.v1.payment_intents.cancel(create(client).id)
    with pytest.raises(stripe.CardError):
        create(client, payment_method="pm_card_chargeDeclined", confirm=True)
    wait_until(lambda: len(merchant.types()) == 4)
    assert merchant.types() == [
        "payment_intent.succeeded",
        "refund.created",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
    ]
    first = merchant.events[0]
    assert first.data.object["id"] == paid
    assert first.request is not None
    assert first.request.id is not None
    assert client.v1.events.retrieve(first.id).type == first.type


def test_retried_until_acknowledged(
    client: stripe.StripeClient, merchant: Merchant, standins: str
) -> None:
    merchant.answers = [500, 302]
    pay(client)
    wait_until(lambda: len(merchant.events) == 3)
    assert len({event.id for event in merchant.events}) == 1
    wait_until(lambda: len(attempts(standins)) == 3)
    assert [attempt["status"] for attempt in attempts(standins)] == [500, 302, 200]


def test_given_up_in_the_end(
    client: stripe.StripeClient, merchant: Merchant, standins: str
) -> None:
    merchant.answers = [500] * 9
    pay(client)
    wait_until(lambda: len(attempts(standins)) == 3)


def test_a_silent_merchant_does_not_hurt() -> None:
    with running(config(webhook_url="http://127.0.0.1:9/webhook")) as url:
        pay(stripe_client(url))
        wait_until(lambda: [attempt["status"] for attempt in attempts(url)] == [None] * 3)


def test_twice(client: stripe.StripeClient, merchant: Merchant, standins: str) -> None:
    switch(standins, "twice")
    pay(client)
    wait_until(lambda: len(merchant.events) == 2)
    assert merchant.events[0].id == merchant.events[1].id


def test_late_and_so_out_of_order(
    client: stripe.StripeClient, merchant: Merchant, standins: str
) -> None:
    switch(standins, "late")
    paid = pay(client)
    switch(standins, "normal")
    client.v1.refunds.create({"payment_intent": paid})
    wait_until(lambda: len(merchant.events) == 2)
    assert merchant.types() == ["refund.created", "payment_intent.succeeded"]


def test_held_and_released_backwards(
    client: stripe.StripeClient, merchant: Merchant, standins: str
) -> None:
    switch(standins, "held")
    client.v1.refunds.create({"payment_intent": pay(client)})
    wait_until(
        lambda: (
            len(requests.get(f"{standins}/stripe/webhooks", headers=KEY, timeout=10).json()["held"])
            == 2
        )
    )
    assert merchant.types() == []
    released = requests.post(
        f"{standins}/stripe/webhooks/release",
        json={"order": "newest_first"},
        headers=KEY,
        timeout=10,
    )
    assert released.json() == {"released": 2}
    wait_until(lambda: len(merchant.events) == 2)
    assert merchant.types() == ["refund.created", "payment_intent.succeeded"]


def test_forged(client: stripe.StripeClient, merchant: Merchant, standins: str) -> None:
    switch(standins, "forged")
    pay(client)
    wait_until(lambda: merchant.forged)
    wait_until(lambda: [attempt["status"] for attempt in attempts(standins)] == [400])
    assert merchant.events == []


def test_dropped(client: stripe.StripeClient, merchant: Merchant, standins: str) -> None:
    switch(standins, "dropped")
    paid = pay(client)
    switch(standins, "normal")
    client.v1.refunds.create({"payment_intent": paid})
    wait_until(lambda: merchant.types() == ["refund.created"])
    listed = client.v1.events.list({"type": "payment_intent.succeeded"})
    assert len(listed.data) == 1


def test_switches_are_the_merchants(standins: str) -> None:
    url = f"{standins}/stripe/webhooks"
    assert requests.get(url, timeout=10).status_code == 401
    wrong = requests.put(f"{url}/mode", json={"mode": "maybe"}, headers=KEY, timeout=10)
    assert wrong.status_code == 400
