"""Tables of the exchange with hospitals' own systems."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from appointments.models.constraints import one_of
from appointments.schemas import Call, CallState, Channel
from core.database import Base, Created, Encrypted, Id, Moment, Version


class HospitalLink(Base):
    """Where a hospital's system answers, and the secret that both sides sign with. Bookings made
    from ``asked_since`` on are asked for there, while it is enabled.
    """

    __tablename__ = "appointments_hospital_link"

    id: Mapped[Id]
    institution_id: Mapped[UUID] = mapped_column(
        ForeignKey("appointments_rule.institution_id"), unique=True
    )
    institution_name: Mapped[str]
    division_code: Mapped[str]
    base_url: Mapped[str]
    secret: Mapped[str] = mapped_column(Encrypted("appointments_hospital_link.secret"))
    enabled: Mapped[bool] = mapped_column(default=False)
    asked_since: Mapped[Created]
    version: Mapped[Version]
    created_at: Mapped[Created]


class HospitalLock(Base):
    """A number that the hospital's own channel locked, under its own id. One without a booking was
    returned before it was locked: the lock that comes late takes nothing.
    """

    __tablename__ = "appointments_hospital_lock"
    __table_args__ = (
        one_of("channel", Channel),
        CheckConstraint("(booking_id IS NULL) = (channel IS NULL)", name="taken"),
        Index("ix_appointments_hospital_lock_booking_id", "booking_id", unique=True),
    )

    institution_id: Mapped[UUID] = mapped_column(
        ForeignKey("appointments_rule.institution_id"), primary_key=True
    )
    lock_id: Mapped[str] = mapped_column(primary_key=True)
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments_booking.id"))
    channel: Mapped[str | None]
    # What was asked for, so that the same id for something else is noticed.
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Created]


class HospitalCall(Base):
    """A call to the hospital about a booking: tried three times, then an exception for people.

    A waiting one is due at ``next_at``, which the process that makes it moves ahead first: two
    never make it at once, and one that died in the middle is followed by another.
    """

    __tablename__ = "appointments_exchange"
    __table_args__ = (
        one_of("call", Call),
        one_of("state", CallState),
        CheckConstraint("(state = 'waiting') = (next_at IS NOT NULL)", name="due"),
        CheckConstraint(
            "(state = 'settled') = (settled_by IS NOT NULL) AND (settled_by IS NULL OR note <> '')",
            name="settled",
        ),
        Index("uq_appointments_exchange_booking_id_call", "booking_id", "call", unique=True),
        Index(
            "ix_appointments_exchange_next_at",
            "next_at",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_appointments_exchange_institution_id_state", "institution_id", "state", "id"),
    )

    id: Mapped[Id]
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_booking.id"))
    institution_id: Mapped[UUID] = mapped_column(
        ForeignKey("appointments_hospital_link.institution_id")
    )
    division_code: Mapped[str]
    call: Mapped[str]
    state: Mapped[str] = mapped_column(default=CallState.WAITING)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_at: Mapped[datetime | None]
    called_at: Mapped[datetime | None]
    # A word of Trouble, why the last try failed.
    trouble: Mapped[str | None]
    # The hospital's own number of the lock.
    their_number: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    created_at: Mapped[Moment]
