"""The door of the payments room.

To collect: ``open_payment`` in the transaction that makes what is paid for; then three steps, each
on its own: ``request_checkout`` in a transaction, ``collect`` outside any, ``take_checkout`` in
another. What becomes of it is told by the events of this room.

To give back: ``owe_refund`` in the transaction that makes it due. ``refunds_of`` says how it goes.
"""

from payments.ports import provide_purpose, provider
from payments.queries.payments import find_open_reference, get_payment
from payments.queries.refunds import refunds_of
from payments.schemas import (
    Checkout,
    CheckoutRequest,
    IntentView,
    PaymentState,
    PaymentView,
    RefundDue,
    RefundView,
)
from payments.services.collecting import (
    cancel_payment,
    open_payment,
    request_checkout,
    take_checkout,
    take_intent,
)
from payments.services.refunds import owe_refund, request_refund

__all__ = [
    "Checkout",
    "CheckoutRequest",
    "IntentView",
    "PaymentState",
    "PaymentView",
    "RefundDue",
    "RefundView",
    "cancel_payment",
    "collect",
    "find_open_reference",
    "get_payment",
    "look_up",
    "open_payment",
    "owe_refund",
    "provide_purpose",
    "refunds_of",
    "request_checkout",
    "request_refund",
    "take_checkout",
    "take_intent",
]


def collect(request: CheckoutRequest) -> IntentView:
    """Ask the provider to collect; outside any transaction. Raises Unavailable."""
    return provider().collect(request)


def look_up(reference: str) -> IntentView:
    """Ask the provider how a payment stands; outside any transaction. Raises Unavailable."""
    return provider().find(reference)
