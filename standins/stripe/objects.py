"""The objects of a merchant's account, in memory, and their shapes in Stripe's JSON."""

import secrets
import string
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

JsonObject = dict[str, Any]
ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """An identifier as Stripe's: prefix, underscore, random characters."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(length))


def now() -> int:
    """Seconds since 1970, as in all of Stripe's objects."""
    return int(time.time())


class Status(StrEnum):
    """The states of a PaymentIntent that captures at once."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Decline:
    """Why an issuer said no; ``code`` and ``decline_code`` in Stripe's lists."""

    code: str
    decline_code: str
    message: str


@dataclass(frozen=True, slots=True)
class Method:
    """A payment method; one with a ``decline`` is refused whenever it is charged."""

    id: str
    type: str = "card"
    decline: Decline | None = None

    def body(self) -> JsonObject:
        """As in ``last_payment_error``."""
        return {
            "id": self.id,
            "object": "payment_method",
            "livemode": False,
            "type": self.type,
            self.type: {},
        }


@dataclass(slots=True)
class Intent:
    """A PaymentIntent; amounts in the smallest currency unit."""

    amount: int
    currency: str
    method_types: list[str]
    automatic: JsonObject | None
    capture_method: str
    customer: str | None
    description: str | None
    metadata: dict[str, str]
    receipt_email: str | None
    id: str = field(default_factory=lambda: new_id("pi"))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    created: int = field(default_factory=now)
    status: Status = Status.REQUIRES_PAYMENT_METHOD
    method: Method | None = None
    return_url: str | None = None
    next_action: JsonObject | None = None
    amount_received: int = 0
    latest_charge: str | None = None
    last_payment_error: JsonObject | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None

    @property
    def client_secret(self) -> str:
        """The unguessable name by which the payer's browser knows the intent."""
        return f"{self.id}_secret_{self.secret}"

    def body(self) -> JsonObject:
        """The PaymentIntent object."""
        return {
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": 0,
            "amount_received": self.amount_received,
            "application": None,
            "automatic_payment_methods": self.automatic,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": False,
            "metadata": dict(self.metadata),
            "next_action": self.next_action,
            "payment_method": self.method.id if self.method else None,
            "payment_method_types": list(self.method_types),
            "processing": None,
            "receipt_email": self.receipt_email,
            "setup_future_usage": None,
            "shipping": None,
            "status": self.status.value,
        }


@dataclass(slots=True)
class Charge:
    """A successful charge; ``amount_refunded`` never exceeds ``amount``."""

    intent: str
    amount: int
    currency: str
    customer: str | None
    description: str | None
    metadata: dict[str, str]
    method: Method
    id: str = field(default_factory=lambda: new_id("ch"))
    created: int = field(default_factory=now)
    amount_refunded: int = 0

    @property
    def refundable(self) -> int:
        """What is left to give back."""
        return self.amount - self.amount_refunded

    def body(self) -> JsonObject:
        """The Charge object."""
        return {
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount,
            "amount_refunded": self.amount_refunded,
            "captured": True,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "disputed": False,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": dict(self.metadata),
            "paid": True,
            "payment_intent": self.intent,
            "payment_method": self.method.id,
            "payment_method_details": {"type": self.method.type, self.method.type: {}},
            "refunded": self.refundable == 0,
            "status": "succeeded",
        }


class RefundStatus(StrEnum):
    """The states of a refund that the portal may meet. One that had succeeded may still fail, when
    the payer's bank sends the money back.
    """

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(slots=True)
class Refund:
    """Money given back, or on its way."""

    charge: Charge
    amount: int
    reason: str | None
    metadata: dict[str, str]
    status: RefundStatus = RefundStatus.SUCCEEDED
    failure_reason: str | None = None
    id: str = field(default_factory=lambda: new_id("re"))
    created: int = field(default_factory=now)

    def body(self) -> JsonObject:
        """The Refund object."""
        return {
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "charge": self.charge.id,
            "created": self.created,
            "currency": self.charge.currency,
            "metadata": dict(self.metadata),
            "payment_intent": self.charge.intent,
            "reason": self.reason,
            "receipt_number": None,
            "status": self.status.value,
        } | ({"failure_reason": self.failure_reason} if self.failure_reason else {})


@dataclass(frozen=True, slots=True)
class Customer:
    """A payer that the merchant knows."""

    fields: JsonObject
    id: str = field(default_factory=lambda: new_id("cus", 14))
    created: int = field(default_factory=now)

    def body(self) -> JsonObject:
        """The Customer object."""
        return {
            "id": self.id,
            "object": "customer",
            "created": self.created,
            "livemode": False,
            **self.fields,
        }
