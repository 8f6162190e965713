"""Stripe, and nothing of Stripe outside this module.

The intent is confirmed from here with a method that redirects (Alipay), so that the payer goes to
the provider's own page: no card data and no script of another origin ever touches the portal.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import requests
import stripe
import structlog

from core.errors import Invalid, Unavailable
from core.messages import N_
from core.settings import LOOPBACK, Settings
from payments.schemas import CheckoutRequest, IntentStatus, IntentView, ProviderEvent

TIMEOUT_SECONDS = 10
RETRIES = 1
SIGNATURE_TOLERANCE_SECONDS = 300
METHOD = "alipay"
STATUSES = {
    "requires_payment_method": IntentStatus.WAITING,
    "requires_confirmation": IntentStatus.WAITING,
    "requires_action": IntentStatus.WAITING,
    "requires_capture": IntentStatus.PROCESSING,
    "processing": IntentStatus.PROCESSING,
    "succeeded": IntentStatus.SUCCEEDED,
    "canceled": IntentStatus.CANCELLED,
}
INTENT_EVENTS = {
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
}
T = TypeVar("T")
log = structlog.get_logger()


class StripeProvider:
    """PaymentIntents at Stripe, or at whatever answers at ``STRIPE_API_BASE``."""

    def __init__(self, settings: Settings) -> None:
        self._webhook_secret = settings.stripe_webhook_secret.get_secret_value()
        self._client = stripe.StripeClient(
            settings.stripe_secret_key.get_secret_value(),
            base_addresses={"api": settings.stripe_api_base},
            max_network_retries=RETRIES,
            http_client=_http_client(settings.stripe_api_base),
        )

    def collect(self, request: CheckoutRequest) -> IntentView:
        """The payment's id is the idempotency key of its one intent."""
        if request.reference is None:
            return self._ask(lambda: self._create(request))
        return self._ask(lambda: self._resume(request, request.reference or ""))

    def find(self, reference: str) -> IntentView:
        """One request."""
        return self._ask(lambda: self._client.v1.payment_intents.retrieve(reference))

    def close(self, reference: str) -> IntentView:
        """One that was paid in the meantime stays paid."""
        return self._ask(lambda: self._close(reference))

    def refund(self, reference: str, key: str) -> IntentView:
        """What the bank still works on is reported by a webhook later."""
        given_back = self._try(
            lambda: self._client.v1.refunds.create(
                {"payment_intent": reference}, {"idempotency_key": key}
            )
        )
        intent = self.find(reference)
        done = given_back.amount if given_back.status == "succeeded" else 0
        return intent.model_copy(update={"refunded_fen": done})

    def read_event(self, payload: bytes, signature: str) -> ProviderEvent:
        """The signature is the SDK's to check, over the body as it arrived."""
        try:
            event = stripe.Webhook.construct_event(
                payload, signature, self._webhook_secret, SIGNATURE_TOLERANCE_SECONDS
            )
        except (stripe.SignatureVerificationError, ValueError):
            raise Invalid("bad_signature", N_("这条支付通知的签名不对，没有处理。")) from None
        return _event(event)

    def _create(self, request: CheckoutRequest) -> stripe.PaymentIntent:
        return self._client.v1.payment_intents.create(
            {
                "amount": request.amount_fen,
                "currency": request.currency.lower(),
                "description": request.description,
                "metadata": {"payment_id": str(request.payment_id)},
                "automatic_payment_methods": {"enabled": True},
                "payment_method_data": {"type": METHOD},
                "confirm": True,
                "return_url": request.return_url,
            },
            {"idempotency_key": str(request.payment_id)},
        )

    def _resume(self, request: CheckoutRequest, reference: str) -> stripe.PaymentIntent:
        """After a failed attempt the intent wants a new method; that attempt's id is the key."""
        intent = self._client.v1.payment_intents.retrieve(reference)
        if intent.status != "requires_payment_method":
            return intent
        return self._client.v1.payment_intents.confirm(
            reference,
            {"payment_method_data": {"type": METHOD}, "return_url": request.return_url},
            {"idempotency_key": f"{request.payment_id}:{_failed_method(intent.to_dict())}"},
        )

    def _close(self, reference: str) -> stripe.PaymentIntent:
        intents = self._client.v1.payment_intents
        try:
            return intents.cancel(reference, {"cancellation_reason": "abandoned"})
        except stripe.InvalidRequestError as error:
            if error.code != "payment_intent_unexpected_state":
                raise
            return intents.retrieve(reference)

    def _ask(self, call: Callable[[], stripe.PaymentIntent]) -> IntentView:
        return _intent(self._try(call).to_dict())

    def _try(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except stripe.StripeError as error:
            log.warning("stripe.refused", kind=type(error).__name__, code=error.code)
            raise Unavailable(
                "payment_unavailable", N_("支付服务暂时没有响应，订单已保留，请过几分钟再试。")
            ) from None


def _http_client(address: str) -> stripe.RequestsClient:
    """What answers on this machine is asked directly, past any proxy of the environment."""
    if urlsplit(address).hostname not in LOOPBACK:
        return stripe.RequestsClient(timeout=TIMEOUT_SECONDS)
    direct = requests.Session()
    direct.trust_env = False
    return stripe.RequestsClient(timeout=TIMEOUT_SECONDS, session=direct)


def _event(event: stripe.Event) -> ProviderEvent:
    thing = event.data.object.to_dict() if event.data.object else {}
    intent = None
    if event.type in INTENT_EVENTS:
        intent = _intent(thing)
    elif event.type == "charge.refunded" and thing.get("payment_intent"):
        intent = _intent_of_charge(thing)
    return ProviderEvent(id=event.id, type=event.type, intent=intent)


def _intent(intent: Mapping[str, Any]) -> IntentView:
    status = STATUSES[intent["status"]]
    error = intent.get("last_payment_error") or {}
    if intent["status"] == "requires_payment_method" and error:
        status = IntentStatus.FAILED
    return IntentView(
        reference=intent["id"],
        payment_id=_payment_id(intent),
        status=status,
        amount_fen=intent["amount"],
        received_fen=intent.get("amount_received") or 0,
        currency=intent["currency"].upper(),
        client_secret=intent.get("client_secret"),
        checkout_url=_checkout_url(intent),
        failure_code=error.get("code"),
    )


def _intent_of_charge(charge: Mapping[str, Any]) -> IntentView:
    return IntentView(
        reference=charge["payment_intent"],
        payment_id=_payment_id(charge),
        status=IntentStatus.SUCCEEDED,
        amount_fen=charge["amount"],
        received_fen=charge["amount_captured"],
        refunded_fen=charge["amount_refunded"],
        currency=charge["currency"].upper(),
    )


def _checkout_url(intent: Mapping[str, Any]) -> str | None:
    action = intent.get("next_action") or {}
    redirect = action.get("alipay_handle_redirect") or action.get("redirect_to_url") or {}
    return redirect.get("url")


def _failed_method(intent: Mapping[str, Any]) -> str:
    error = intent.get("last_payment_error") or {}
    return str((error.get("payment_method") or {}).get("id", "first"))


def _payment_id(thing: Mapping[str, Any]) -> UUID | None:
    """Ours, from the metadata; None for what another system of the same merchant made."""
    try:
        return UUID((thing.get("metadata") or {})["payment_id"])
    except (KeyError, ValueError):
        return None
