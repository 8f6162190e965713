"""Tables of the bottom room: the audit, the answers kept for retries, the deliveries of events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from core.database import Base, Created, Encrypted, Id, Moment


class AuditEvent(Base):
    """Who did or tried what, for whom, to whose data, by which policy. Append-only.

    Partitioned by month; ``core.partitions`` makes the partitions ahead.
    """

    __tablename__ = "core_audit_event"
    __table_args__ = (
        CheckConstraint("outcome IN ('allowed', 'denied')", name="outcome"),
        Index("ix_core_audit_event_at_id", "at", "id"),
        Index("ix_core_audit_event_person_id_at", "person_id", "at"),
        Index("ix_core_audit_event_account_id_at", "account_id", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    account_id: Mapped[UUID | None]
    acting_for: Mapped[UUID | None]
    action: Mapped[str]
    resource_type: Mapped[str]
    resource_id: Mapped[str]
    person_id: Mapped[UUID | None]
    outcome: Mapped[str]
    policies: Mapped[list[str]] = mapped_column(ARRAY(Text))
    channel: Mapped[str]
    address: Mapped[str]
    request_id: Mapped[str]
    # A page or answer was shown, and what the action names was not done; unknown of old events.
    looked: Mapped[bool | None]


class UnsequencedEvent(Base):
    """An event that waits for its place in the signed log; written with it, removed by the log.

    It is found here however late its transaction commits.
    """

    __tablename__ = "core_audit_unsequenced"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[Moment]


class StoredAnswer(Base):
    """The answer already given to a write, kept so that a retry gets the same one.

    Encrypted as JSON: it repeats what is encrypted where it came from.
    """

    __tablename__ = "core_stored_answer"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[str | None] = mapped_column(Encrypted("core_stored_answer.answer"))
    created_at: Mapped[Created]


class EventDelivery(Base):
    """Marks that a subscriber has handled an event, so that a second delivery does nothing."""

    __tablename__ = "core_event_delivery"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    subscriber: Mapped[str] = mapped_column(primary_key=True)
    delivered_at: Mapped[datetime]


class ChangeRecord(Base):
    """The history of an administered thing: who changed which field from what to what."""

    __tablename__ = "core_change_record"
    __table_args__ = (Index("ix_core_change_record_subject", "subject_type", "subject_id", "at"),)

    id: Mapped[Id]
    at: Mapped[Moment]
    account_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(SmallInteger)
    changes: Mapped[dict[str, list[Any]]] = mapped_column(JSONB)
