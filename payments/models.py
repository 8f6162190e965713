"""Money in: what is to be paid, and what the provider told us about it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id, Moment
from payments.schemas import PaymentState

STATES = ", ".join(f"'{state}'" for state in PaymentState)


class Payment(Base):
    """What somebody pays for one thing: ``purpose`` and ``subject_id`` name it, one payment each.

    ``description`` is what the provider's page shows: it must not reveal anything about health.
    ``account_id`` is who pays; None where the payment was taken over from another system.
    ``checked_at`` is when we last heard of it from the provider. ``settled_at`` is set exactly in
    the states settled and refunded.
    """

    __tablename__ = "payments_payment"
    __table_args__ = (
        UniqueConstraint("purpose", "subject_id"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint(f"state IN ({STATES})", name="state"),
        CheckConstraint(
            "(settled_at IS NOT NULL) = (state IN ('settled', 'refunded'))", name="settled"
        ),
        CheckConstraint("(refunded_at IS NOT NULL) = (state = 'refunded')", name="refunded"),
        Index("ix_payments_payment_person_id", "person_id", "created_at"),
        Index(
            "ix_payments_payment_open",
            "checked_at",
            postgresql_where=text("state IN ('pending', 'failed')"),
        ),
    )

    id: Mapped[Id]
    purpose: Mapped[str]
    subject_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    amount_fen: Mapped[int]
    currency: Mapped[str] = mapped_column(default="CNY")
    description: Mapped[str]
    state: Mapped[str]
    provider: Mapped[str] = mapped_column(default="stripe")
    provider_reference: Mapped[str | None] = mapped_column(unique=True)
    client_secret: Mapped[str | None] = mapped_column(Encrypted("payments_payment.client_secret"))
    failure_code: Mapped[str | None]
    created_at: Mapped[Created]
    checked_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    refunded_at: Mapped[datetime | None]


class WebhookEvent(Base):
    """An event that the provider sent; its id is kept so that a second delivery does nothing.

    ``handled_at`` is None where it asked nothing of us: of another kind, or not of our payments.
    """

    __tablename__ = "payments_webhook_event"
    __table_args__ = (Index("ix_payments_webhook_event_payment_id", "payment_id"),)

    provider_event_id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments_payment.id"))
    received_at: Mapped[Moment]
    handled_at: Mapped[datetime | None]
