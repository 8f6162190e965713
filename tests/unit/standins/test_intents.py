"""PaymentIntents, driven by the real Stripe SDK."""

from typing import Any

import pytest
import requests
import stripe

from standins.server import running
from tests.unit.standins.conftest import RETURN_URL, STRIPE_KEY, config, stripe_client

CARD_ONLY = {"enabled": True, "allow_redirects": "never"}


def create(client: stripe.StripeClient, key: str | None = None, **changes: Any) -> Any:
    params = {"amount": 12800, "currency": "cny", "automatic_payment_methods": CARD_ONLY} | changes
    options: Any = {"idempotency_key": key} if key else None
    return client.v1.payment_intents.create(params, options)  # type: ignore[arg-type]


def test_from_creation_to_the_money(client: stripe.StripeClient) -> None:
    intent = create(client, metadata={"order_id": "7"}, description="服务包（示例）")
    assert intent.status == "requires_payment_method"
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.amount_received) == ("succeeded", 12800)
    found = client.v1.payment_intents.retrieve(intent.id)
    assert found.latest_charge == paid.latest_charge
    assert found.metadata.to_dict() == {"order_id": "7"}


def test_a_method_at_creation_waits_for_confirmation(client: stripe.StripeClient) -> None:
    intent = create(client, payment_method="pm_card_visa")
    assert intent.status == "requires_confirmation"
    assert client.v1.payment_intents.confirm(intent.id).status == "succeeded"


@pytest.mark.parametrize(
    ("method", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_declined_card_is_a_card_error(
    client: stripe.StripeClient, method: str, code: str, decline_code: str
) -> None:
    intent = create(client)
    with pytest.raises(stripe.CardError) as caught:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": method})
    assert caught.value.http_status == 402
    assert caught.value.code == code
    assert caught.value.error is not None
    assert caught.value.error.decline_code == decline_code
    again = client.v1.payment_intents.retrieve(intent.id)
    assert again.status == "requires_payment_method"
    assert again.last_payment_error is not None
    assert again.last_payment_error.code == code
    retried = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (retried.status, retried.last_payment_error) == ("succeeded", None)


def test_a_redirecting_method_sends_the_payer_to_the_page(client: stripe.StripeClient) -> None:
    intent = create(
        client,
        automatic_payment_methods={"enabled": True},
        payment_method_data={"type": "alipay"},
        confirm=True,
        return_url=RETURN_URL,
    )
    assert intent.status == "requires_action"
    url = intent.next_action.alipay_handle_redirect.url
    assert f"/stripe/pay/{intent.client_secret}?return_url=" in url


def test_a_redirect_needs_a_return_url(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        create(client, automatic_payment_methods={"enabled": True}, payment_method="pm_card_visa",
               confirm=True)  # fmt: skip
    assert (caught.value.code, caught.value.param) == ("parameter_missing", "return_url")


def test_canceling_ends_an_intent(client: stripe.StripeClient) -> None:
    intent = create(client)
    canceled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    for act in (client.v1.payment_intents.cancel, client.v1.payment_intents.confirm):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            act(intent.id)
        assert caught.value.code == "payment_intent_unexpected_state"


def test_a_paid_intent_is_neither_canceled_nor_paid_again(client: stripe.StripeClient) -> None:
    intent = create(client, payment_method="pm_card_visa", confirm=True)
    for act in (client.v1.payment_intents.cancel, client.v1.payment_intents.confirm):
        with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
            act(intent.id)


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": None}, "parameter_missing", "amount"),
        ({"currency": None}, "parameter_missing", "currency"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
        (
            {"automatic_payment_methods": {"enabled": True, "colour": "red"}},
            "parameter_unknown",
            "automatic_payment_methods[colour]",
        ),
        ({"amount": "12.50"}, "parameter_invalid_integer", "amount"),
        ({"amount": "1_000"}, "parameter_invalid_integer", "amount"),
        ({"amount": 0}, "parameter_invalid_integer", "amount"),
        ({"amount": 399}, "amount_too_small", "amount"),
        ({"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"currency": "CNY"}, None, "currency"),
        ({"currency": ""}, "parameter_invalid_empty", "currency"),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
        ({"capture_method": "manual"}, None, "capture_method"),
        ({"customer": "cus_nobody"}, "resource_missing", "customer"),
        ({"payment_method": "pm_nothing"}, "resource_missing", "payment_method"),
        ({"return_url": RETURN_URL}, None, "return_url"),
        ({"amount": {"a": "1"}}, "parameter_invalid_integer", "amount"),
    ],
)
def test_a_bad_parameter_is_named(
    client: stripe.StripeClient, changes: dict[str, Any], code: str | None, param: str
) -> None:
    params = {"amount": 12800, "currency": "cny", "automatic_payment_methods": CARD_ONLY} | changes
    sent: Any = {name: value for name, value in params.items() if value is not None}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.create(sent)
    assert (caught.value.http_status, caught.value.code, caught.value.param) == (400, code, param)


def test_what_does_not_exist(client: stripe.StripeClient) -> None:
    for ask in (
        lambda: client.v1.payment_intents.retrieve("pi_nothing"),
        lambda: client.v1.payment_intents.confirm("pi_nothing"),
        lambda: client.v1.refunds.retrieve("re_nothing"),
        lambda: client.v1.events.retrieve("evt_nothing"),
        lambda: client.v1.balance.retrieve(),
    ):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            ask()
        assert caught.value.http_status == 404


def test_a_wrong_key_is_refused(standins: str) -> None:
    with pytest.raises(stripe.AuthenticationError):
        create(stripe_client(standins, "sk_test_wrong"))


def test_a_customer_can_be_made_and_named(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"name": "示例甲", "metadata": {"person": "1"}})
    assert create(client, customer=customer.id).customer == customer.id
    assert client.v1.customers.retrieve(customer.id).name == "示例甲"


def test_the_same_key_gives_the_same_intent(client: stripe.StripeClient) -> None:
    first, second = create(client, "order-1"), create(client, "order-1")
    assert first.id == second.id
    assert first.last_response is not None
    assert second.last_response is not None
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Original-Request"] == first.last_response.request_id


def test_a_replay_is_the_answer_given_then(client: stripe.StripeClient) -> None:
    intent = create(client, "order-1")
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert create(client, "order-1").status == "requires_payment_method"


def test_the_same_key_for_something_else_is_refused(client: stripe.StripeClient) -> None:
    intent = create(client, "order-1")
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        create(client, "order-1", amount=500)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.payment_intents.cancel(intent.id, {}, {"idempotency_key": "order-1"})


def test_a_refused_parameter_does_not_use_up_the_key(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        create(client, "order-1", amount=1)
    assert create(client, "order-1").amount == 12800


def test_a_decline_is_replayed(client: stripe.StripeClient) -> None:
    ids = set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            create(client, "order-1", payment_method="pm_card_chargeDeclined", confirm=True)
        assert caught.value.error is not None
        ids.add(caught.value.error["payment_intent"]["id"])
    assert len(ids) == 1


def test_too_many_requests_are_refused() -> None:
    with running(config(stripe_requests_per_second=2)) as url:
        client = stripe_client(url)
        with pytest.raises(stripe.RateLimitError):
            for _ in range(20):
                client.v1.events.list()


def test_twenty_at_once_make_one_intent(standins: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def post(_: int) -> str:
        answer = requests.post(
            f"{standins}/v1/payment_intents",
            data={"amount": "500", "currency": "cny"},
            headers={"Authorization": f"Bearer {STRIPE_KEY}", "Idempotency-Key": "one"},
            timeout=10,
        )
        return str(answer.json()["id"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(post, range(20)))) == 1
