"""The payment page."""

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
import stripe

from standins.server import running
from tests.unit.standins.conftest import (
    RETURN_URL,
    Merchant,
    config,
    stripe_client,
    wait_until,
)
from tests.unit.standins.test_intents import create

ALIPAY = {"type": "alipay"}


def waiting(client: stripe.StripeClient) -> Any:
    return create(
        client,
        automatic_payment_methods={"enabled": True},
        payment_method_data=ALIPAY,
        confirm=True,
        return_url=RETURN_URL,
        description="服务包（示例）",
    )


def choose(browser: requests.Session, standins: str, intent: Any, action: str) -> dict[str, Any]:
    answer = browser.post(
        f"{standins}/stripe/pay/{intent.client_secret}",
        data={"action": action, "return_url": RETURN_URL},
        allow_redirects=False,
        timeout=10,
    )
    assert answer.status_code == 303
    address = urlsplit(answer.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == RETURN_URL.partition("?")[0]
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def test_the_page_shows_what_is_to_be_paid(
    client: stripe.StripeClient, standins: str, browser: requests.Session
) -> None:
    page = browser.get(waiting(client).next_action.alipay_handle_redirect.url, timeout=10)
    assert page.status_code == 200
    for text in ("演示收银台", "示例", "¥128.00", "服务包（示例）", "演示：银行拒付"):
        assert text in page.text
    assert "style=" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "form-action 'self' http://127.0.0.1:8000" in policy
    assert page.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("action", "outcome", "status", "event"),
    [
        ("pay", "succeeded", "succeeded", "payment_intent.succeeded"),
        ("decline", "failed", "requires_payment_method", "payment_intent.payment_failed"),
        ("cancel", "failed", "requires_payment_method", "payment_intent.payment_failed"),
    ],
)
def test_each_button(
    client: stripe.StripeClient,
    standins: str,
    browser: requests.Session,
    merchant: Merchant,
    action: str,
    outcome: str,
    status: str,
    event: str,
) -> None:
    intent = waiting(client)
    query = choose(browser, standins, intent, action)
    assert query == {
        "from": "cashier",
        "payment_intent": intent.id,
        "payment_intent_client_secret": intent.client_secret,
        "redirect_status": outcome,
    }
    assert client.v1.payment_intents.retrieve(intent.id).status == status
    wait_until(lambda: merchant.types() == [event])


def test_an_intent_without_a_method_is_paid_here_too(
    client: stripe.StripeClient, standins: str, browser: requests.Session
) -> None:
    intent = create(client)
    choose(browser, standins, intent, "decline")
    choose(browser, standins, intent, "pay")
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_failed_attempt_is_tried_again(
    client: stripe.StripeClient, standins: str, browser: requests.Session
) -> None:
    intent = waiting(client)
    choose(browser, standins, intent, "cancel")
    failed = client.v1.payment_intents.retrieve(intent.id)
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"
    again: Any = {"payment_method_data": ALIPAY, "return_url": RETURN_URL}
    assert client.v1.payment_intents.confirm(intent.id, again).status == "requires_action"
    assert choose(browser, standins, intent, "pay")["redirect_status"] == "succeeded"


def test_paying_twice_pays_once(
    client: stripe.StripeClient, standins: str, browser: requests.Session
) -> None:
    intent = waiting(client)
    for _ in range(2):
        assert choose(browser, standins, intent, "pay")["redirect_status"] == "succeeded"
    assert choose(browser, standins, intent, "decline")["redirect_status"] == "succeeded"
    found = client.v1.events.list({"type": "payment_intent.succeeded"})
    assert len(found.data) == 1
    url = f"{standins}/stripe/pay/{intent.client_secret}?return_url={quote(RETURN_URL)}"
    assert "不用再付" in browser.get(url, timeout=10).text


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "http://127.0.0.1:8000@evil.example/",
        "http://127.0.0.1:80001/",
        "javascript:alert(1)",
        "http://[",
        "",
    ],
)
def test_it_returns_to_the_portal_only(
    client: stripe.StripeClient, standins: str, browser: requests.Session, elsewhere: str
) -> None:
    intent = create(client)
    url = f"{standins}/stripe/pay/{intent.client_secret}"
    shown = browser.get(url, params={"return_url": elsewhere}, timeout=10)
    paid = browser.post(url, data={"return_url": elsewhere, "action": "pay"}, timeout=10)
    assert (shown.status_code, paid.status_code) == (400, 400)
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_the_secret_must_be_known(
    client: stripe.StripeClient, standins: str, browser: requests.Session
) -> None:
    intent = create(client)
    for guess in (intent.id, f"{intent.id}_secret_x", "pi_x_secret_x"):
        url = f"{standins}/stripe/pay/{guess}?return_url={quote(RETURN_URL)}"
        assert browser.get(url, timeout=10).status_code == 404


def test_money_may_take_its_time(browser: requests.Session, merchant: Merchant) -> None:
    settings = config(webhook_url=merchant.url, stripe_processing_seconds=0.2)
    with running(settings) as url:
        client = stripe_client(url)
        intent = waiting(client)
        assert choose(browser, url, intent, "pay")["redirect_status"] == "pending"
        assert client.v1.payment_intents.retrieve(intent.id).status == "processing"
        wait_until(lambda: merchant.types() == ["payment_intent.succeeded"])
        assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
