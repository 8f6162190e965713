"""Views, commands and what the provider answers, in our words."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Action(StrEnum):
    """What may be asked of a payment."""

    OPEN = "payments:open"
    READ = "payments:read"


class PaymentState(StrEnum):
    """Where a payment stands.

    It moves forward only: created → pending ⇄ failed (an attempt went wrong, another may follow)
    → settled → refunded, or from an open state to cancelled. Money that arrives for a cancelled
    payment still settles it, because that is the truth; the room that opened it gives it back.
    """

    CREATED = "created"
    PENDING = "pending"
    FAILED = "failed"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


OPEN_STATES = (PaymentState.CREATED, PaymentState.PENDING, PaymentState.FAILED)


class IntentStatus(StrEnum):
    """What the provider says of a payment intent, as far as it matters here."""

    WAITING = "waiting"
    PROCESSING = "processing"
    FAILED = "failed"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"


class CheckoutRequest(BaseModel):
    """What the provider needs to collect a payment; made in a transaction, used outside it.

    ``return_url`` must be the same at every try, or the provider refuses the idempotency key.
    """

    model_config = ConfigDict(frozen=True)

    payment_id: UUID
    amount_fen: int
    currency: str
    description: str
    return_url: str
    reference: str | None


class IntentView(BaseModel):
    """The provider's account of one payment. ``checkout_url`` is where the payer goes next."""

    model_config = ConfigDict(frozen=True)

    reference: str
    payment_id: UUID | None
    status: IntentStatus
    amount_fen: int
    received_fen: int
    refunded_fen: int = 0
    currency: str
    client_secret: str | None = None
    checkout_url: str | None = None
    failure_code: str | None = None


class ProviderEvent(BaseModel):
    """A verified webhook event; ``intent`` is None for a kind that we do not use."""

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    intent: IntentView | None


class PaymentView(BaseModel):
    """A payment as its payer sees it; amounts in fen."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    purpose: str
    subject_id: UUID
    person_id: UUID
    amount_fen: int
    currency: str
    state: PaymentState
    failure_code: str | None
    created_at: datetime
    settled_at: datetime | None
    refunded_at: datetime | None


class Checkout(BaseModel):
    """Where to pay; ``checkout_url`` is None when nothing is left to do but wait."""

    payment: PaymentView
    checkout_url: str | None
    client_secret: str | None
