"""Money in and out: what is paid and given back, and what the provider told us about both."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id, Moment
from payments.schemas import PaymentState, RefundState, RefundWay


def _one_of(values: type[PaymentState | RefundState | RefundWay]) -> str:
    return ", ".join(f"'{value}'" for value in values)


STATES = _one_of(PaymentState)


class Payment(Base):
    """What somebody pays for one thing: ``purpose`` and ``subject_id`` name it, one payment each.

    ``description`` is what the provider's page shows: it must not reveal anything about health.
    ``account_id`` is who pays; None where the payment was taken over from another system.
    ``checked_at`` is when we last heard of it from the provider. ``settled_at`` is set exactly in
    the states settled and refunded. ``refunds_fen`` is the sum of its refunds in whatever state,
    which a trigger of the database keeps: nobody writes it.
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
        CheckConstraint("refunds_fen BETWEEN 0 AND amount_fen", name="refunds"),
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
    refunds_fen: Mapped[int] = mapped_column(default=0, server_default=text("0"))
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


class Refund(Base):
    """What somebody gets back of one thing: ``purpose`` and ``subject_id`` name it as its payment
    does, ``cause_id`` names what made it due (once).

    ``payment_id`` is None where it was not paid through the portal. ``division_code`` is the
    institution's, or the person's where no institution made it due. ``attempt`` counts the
    provider's refunds of it, and ``provider_reference`` names the present one. ``approved_by`` is
    None where nobody has to approve; ``paid_out_by`` handed it out at the desk. ``heard_at`` is
    when we last heard of it from the provider.
    """

    __tablename__ = "payments_refund"
    __table_args__ = (
        UniqueConstraint("cause_id", "subject_id"),
        CheckConstraint("amount_fen > 0", name="amount"),
        CheckConstraint("attempt > 0", name="attempt"),
        CheckConstraint(f"state IN ({_one_of(RefundState)})", name="state"),
        CheckConstraint(f"way IN ({_one_of(RefundWay)})", name="way"),
        CheckConstraint("way = 'desk' OR payment_id IS NOT NULL", name="provider"),
        CheckConstraint("(state = 'due') = (approved_at IS NULL)", name="approved"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done"),
        CheckConstraint("(state = 'failed') = (failed_at IS NOT NULL)", name="failed"),
        CheckConstraint(
            "(paid_out_by IS NOT NULL) = (way = 'desk' AND state = 'done')", name="paid_out"
        ),
        Index("ix_payments_refund_subject_id", "subject_id"),
        Index("ix_payments_refund_payment_id", "payment_id"),
        Index("ix_payments_refund_person_id", "person_id", "created_at"),
        Index("ix_payments_refund_institution_id", "institution_id", "state"),
        Index(
            "ix_payments_refund_open",
            "heard_at",
            postgresql_where=text("state = 'sent' AND way = 'provider'"),
        ),
    )

    id: Mapped[Id]
    cause_id: Mapped[UUID]
    purpose: Mapped[str]
    subject_id: Mapped[UUID]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments_payment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    institution_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_institution.id"))
    division_code: Mapped[str]
    amount_fen: Mapped[int]
    currency: Mapped[str] = mapped_column(default="CNY")
    way: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int] = mapped_column(SmallInteger, default=1)
    provider_reference: Mapped[str | None] = mapped_column(unique=True)
    failure_code: Mapped[str | None]
    created_at: Mapped[Created]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    heard_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    paid_out_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))


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
