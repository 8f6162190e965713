"""Stripe, and nothing of Stripe outside this module.

The intent is confirmed from here with a method that redirects (Alipay), so that the payer goes to
the provider's own page: no card data and no script of another origin ever touches the portal.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import requests
import stripe
import structlog

from core.errors import Invalid, Unavailable
from core.messages import N_
from core.outgoing import aside
from core.settings import LOOPBACK, Settings
from payments.schemas import (
    CheckoutRequest,
    IntentStatus,
    IntentView,
    ProviderEvent,
    RefundReport,
    RefundRequest,
    RefundStatus,
)

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams

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
REFUND_EVENTS = {"refund.created", "refund.updated", "refund.failed"}
REFUND_STATUSES = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
# Stripe names no code where more is asked for than is left, only the parameter.
TOO_LARGE = "amount_too_large"
ATTEMPT = re.compile(r"[0-9]{1,4}")
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

    def refund(self, request: RefundRequest) -> RefundReport:
        """What the bank still works on is reported by a webhook later.

        An idempotency key is forgotten after a day, so what was made is looked for first.
        """
        if request.made is not None:
            made = request.made
            return self._try(lambda: _refund(self._client.v1.refunds.retrieve(made).to_dict()))
        return self._try(lambda: self._find_refund(request) or self._make_refund(request))

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

    def _find_refund(self, request: RefundRequest) -> RefundReport | None:
        made = self._client.v1.refunds.list({"payment_intent": request.reference, "limit": 100})
        for each in made.auto_paging_iter():
            report = _refund(each.to_dict())
            if (report.refund_id, report.attempt) == (request.refund_id, request.attempt):
                return report
        return None

    def _make_refund(self, request: RefundRequest) -> RefundReport:
        key = f"{request.refund_id}:{request.attempt}"
        metadata = {"refund_id": str(request.refund_id), "attempt": str(request.attempt)}
        wanted: RefundCreateParams = {
            "payment_intent": request.reference,
            "amount": request.amount_fen,
            "metadata": metadata,
        }
        try:
            made = self._client.v1.refunds.create(wanted, {"idempotency_key": key})
        except stripe.InvalidRequestError as error:
            log.warning("stripe.refund_refused", code=error.code, param=error.param)
            return _refused(request, error)
        return _refund(made.to_dict())

    def _ask(self, call: Callable[[], stripe.PaymentIntent]) -> IntentView:
        return _intent(self._try(call).to_dict())

    def _try(self, call: Callable[[], T]) -> T:
        try:
            with aside():
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
    intent = refund = None
    if event.type in INTENT_EVENTS:
        intent = _intent(thing)
    elif event.type in REFUND_EVENTS:
        refund = _refund(thing)
    return ProviderEvent(id=event.id, type=event.type, intent=intent, refund=refund)


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


def _refund(refund: Mapping[str, Any]) -> RefundReport:
    metadata = refund.get("metadata") or {}
    attempt = ATTEMPT.fullmatch(str(metadata.get("attempt", "")))
    return RefundReport(
        reference=refund["id"],
        payment_reference=refund.get("payment_intent"),
        refund_id=_id(metadata.get("refund_id")),
        attempt=int(attempt[0]) if attempt else None,
        amount_fen=refund["amount"],
        currency=refund["currency"].upper(),
        status=REFUND_STATUSES[refund["status"]],
        failure_code=refund.get("failure_reason"),
    )


def _refused(request: RefundRequest, error: stripe.InvalidRequestError) -> RefundReport:
    return RefundReport(
        reference=None,
        payment_reference=request.reference,
        refund_id=request.refund_id,
        attempt=request.attempt,
        amount_fen=request.amount_fen,
        currency=request.currency,
        status=RefundStatus.FAILED,
        failure_code=error.code or (TOO_LARGE if error.param == "amount" else "refused"),
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
    return _id((thing.get("metadata") or {}).get("payment_id"))


def _id(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
