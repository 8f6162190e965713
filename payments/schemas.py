"""Views, commands and what the provider answers, in our words."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from core.searching import SearchQuery

MOST_AT_ONCE = 100


class Action(StrEnum):
    """What may be asked of a payment."""

    OPEN = "payments:open"
    READ = "payments:read"


class RefundAction(StrEnum):
    """What may be asked of a refund."""

    READ = "payments:read-refund"
    APPROVE = "payments:approve-refund"
    PAY_OUT = "payments:pay-out-refund"


class PaymentState(StrEnum):
    """Where a payment stands.

    It moves forward only: created → pending ⇄ failed (an attempt went wrong, another may follow)
    → settled → refunded, or from an open state to cancelled. Money that arrives for a cancelled
    payment still settles it, because that is the truth; the room that opened it gives it back. One
    step leads back, from refunded to settled: the payer's bank returned a refund.
    """

    CREATED = "created"
    PENDING = "pending"
    FAILED = "failed"
    SETTLED = "settled"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class RefundState(StrEnum):
    """Where a refund stands: due → sent (approved; on its way, or ready at the desk) → done, or
    failed at the provider, from where it is sent again. Of one attempt it moves forward only, and
    failed is behind done: a bank may return what had arrived.
    """

    DUE = "due"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"


class RefundWay(StrEnum):
    """By the provider, to where the money came from; or handed out at the institution's desk."""

    PROVIDER = "provider"
    DESK = "desk"


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
    currency: str
    client_secret: str | None = None
    checkout_url: str | None = None
    failure_code: str | None = None


class RefundStatus(StrEnum):
    """What the provider says of a refund, as far as it matters here."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class RefundRequest(BaseModel):
    """What the provider needs to give money back; made in a transaction, used outside it.
    ``reference`` is the payment's, ``made`` the refund's where the provider has made it.
    """

    model_config = ConfigDict(frozen=True)

    refund_id: UUID
    attempt: int
    reference: str
    made: str | None
    amount_fen: int
    currency: str


class RefundReport(BaseModel):
    """The provider's account of one refund. ``refund_id`` and ``attempt`` are ours, None of one
    that was made at the provider itself. ``reference`` is None where the provider refused to make
    it; ``failure_code`` then says why.
    """

    model_config = ConfigDict(frozen=True)

    reference: str | None
    payment_reference: str | None
    refund_id: UUID | None
    attempt: int | None
    amount_fen: int
    currency: str
    status: RefundStatus
    failure_code: str | None = None


class ProviderEvent(BaseModel):
    """A verified webhook event, about an intent, a refund, or, of a kind that we do not use,
    neither.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    intent: IntentView | None = None
    refund: RefundReport | None = None


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


class RefundDue(BaseModel):
    """What a room says is to be given back; see ``Refund``. ``amount_fen`` is what is due of the
    subject in all, with whatever was due of it before.
    """

    model_config = ConfigDict(frozen=True)

    cause_id: UUID
    purpose: str
    subject_id: UUID
    person_id: UUID
    institution_id: UUID
    amount_fen: int


class RefundView(BaseModel):
    """A refund as its receiver and staff see it; amounts in fen. ``number`` is what people call it
    by. Of ``failure_code`` the words are the page's.
    """

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    number: str
    purpose: str
    subject_id: UUID
    person_id: UUID
    person_name: str = ""
    institution_id: UUID | None
    institution_name: str = ""
    amount_fen: int
    currency: str
    way: RefundWay
    state: RefundState
    attempt: int
    failure_code: str | None
    created_at: datetime
    approved_at: datetime | None
    failed_at: datetime | None
    done_at: datetime | None
    approved_by_name: str = ""
    paid_out_by_name: str = ""


class RefundSearch(SearchQuery):
    """Refunds: one's own; of ``person_id``, for whom one may pay; or, with ``of_staff``, those of
    one's units, where ``search`` finds a person or a number.
    """

    person_id: UUID | None = None
    of_staff: bool = False
    state: RefundState | None = None


class ApproveRefunds(BaseModel):
    """Approve these refunds, in one step for all."""

    model_config = ConfigDict(frozen=True)

    refund_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE)]


class SendAgain(BaseModel):
    """Send what failed again, by the provider or, instead, ready at the desk."""

    model_config = ConfigDict(frozen=True)

    way: RefundWay


class PayOut(BaseModel):
    """Record that the money was handed out; ``seen`` says that the receiver's paper was seen."""

    model_config = ConfigDict(frozen=True)

    seen: Annotated[bool, Field(strict=False)]


class Approved(BaseModel):
    """How many refunds were approved, and their sum in fen."""

    count: int
    amount_fen: int
