"""Facts that the payments room announces. ``purpose`` and ``subject_id`` say what was paid for."""

from uuid import UUID

from core.events import Event


class PaymentSettled(Event):
    """The money is there. It may come late, for a payment that was cancelled before."""

    payment_id: UUID
    purpose: str
    subject_id: UUID


class PaymentFailed(Event):
    """An attempt went wrong; the payer may try again."""

    payment_id: UUID
    purpose: str
    subject_id: UUID


class PaymentCancelled(Event):
    """The provider closed the payment of its own accord; nothing was paid."""

    payment_id: UUID
    purpose: str
    subject_id: UUID


class PaymentRefunded(Event):
    """The whole amount was given back. Of each refund its receiver is told by this room."""

    payment_id: UUID
    purpose: str
    subject_id: UUID
