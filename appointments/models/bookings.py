"""Tables of who has a place, and who may take none for a while."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from appointments.models.constraints import one_of
from appointments.schemas import Because, Pool, Source, State, Waiting
from core.database import Base, Created, Encrypted, Id, Moment


class Booking(Base):
    """A patient's place in a slot, with its number there.

    A ``held`` place is the patient's until ``held_until``; then it goes back. Every state but
    ``cancelled`` fills a place of the slot. Everything from ``institution_id`` to ``starts_at``
    repeats the slot's and needs no foreign key of its own: each costs the booking statement a
    look-up and locks a row that all bookings of the hospital share. ``account_id`` is who booked;
    none for one brought in from elsewhere. ``changed_from`` is the booking this one stands for
    since its time was changed.
    """

    __tablename__ = "appointments_booking"
    __table_args__ = (
        one_of("state", State),
        one_of("pool", Pool),
        one_of("source", Source),
        CheckConstraint(
            "(state = 'cancelled') = (cancelled_at IS NOT NULL)"
            " AND (state = 'cancelled') = (because IS NOT NULL)",
            name="cancelled",
        ),
        CheckConstraint("(state = 'held') = (held_until IS NOT NULL)", name="held"),
        CheckConstraint(
            "because IN (" + ", ".join(f"'{value}'" for value in Because) + ")", name="because"
        ),
        UniqueConstraint("slot_id", "number"),
        Index(
            "uq_appointments_booking_person_department_day",
            "person_id",
            "department_id",
            "date",
            unique=True,
            postgresql_where=text("state <> 'cancelled'"),
        ),
        Index("ix_appointments_booking_person_id_starts_at", "person_id", "starts_at"),
        Index("ix_appointments_booking_date_institution_id", "date", "institution_id", "starts_at"),
        Index(
            "ix_appointments_booking_account_id",
            "account_id",
            "institution_id",
            "created_at",
            postgresql_where=text("source = 'family'"),
        ),
        Index(
            "ix_appointments_booking_held_until",
            "held_until",
            postgresql_where=text("state = 'held'"),
        ),
    )

    id: Mapped[Id]
    slot_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_slot.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    institution_id: Mapped[UUID]
    department_id: Mapped[UUID]
    division_code: Mapped[str]
    date: Mapped[date]
    starts_at: Mapped[Moment]
    number: Mapped[int] = mapped_column(SmallInteger)
    pool: Mapped[str] = mapped_column(default=Pool.PUBLIC, server_default=Pool.PUBLIC)
    source: Mapped[str] = mapped_column(default=Source.OWN, server_default=Source.OWN)
    state: Mapped[str] = mapped_column(default=State.BOOKED)
    created_at: Mapped[Created]
    held_until: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    because: Mapped[str | None]
    changed_from: Mapped[UUID | None]


class Wait(Base):
    """A patient who waits for a place in a full session.

    Offers go by ``priority`` (0 referred, 1 aged 65 or over, 2 with a family doctor, 3 others),
    then by time. ``booking_id`` is the held place of the offer; ``offers_end`` when none is made
    any more.
    """

    __tablename__ = "appointments_wait"
    __table_args__ = (
        one_of("state", Waiting),
        CheckConstraint("priority BETWEEN 0 AND 3", name="priority"),
        CheckConstraint(
            "(state IN ('offered', 'taken', 'lapsed')) = (booking_id IS NOT NULL)", name="offer"
        ),
        Index(
            "uq_appointments_wait_session_id_person_id",
            "session_id",
            "person_id",
            unique=True,
            postgresql_where=text("state IN ('waiting', 'offered')"),
        ),
        Index(
            "ix_appointments_wait_order",
            "session_id",
            "priority",
            "created_at",
            "id",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_appointments_wait_person_id", "person_id", "state"),
        Index("ix_appointments_wait_booking_id", "booking_id", unique=True),
        # For whom an account has waited, or was offered a place, at an institution.
        Index(
            "ix_appointments_wait_account_id",
            "account_id",
            "institution_id",
            "created_at",
            postgresql_where=text("state IN ('waiting', 'offered', 'taken', 'lapsed')"),
        ),
    )

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_session.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    institution_id: Mapped[UUID]
    department_id: Mapped[UUID]
    division_code: Mapped[str]
    date: Mapped[date]
    priority: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(default=Waiting.WAITING)
    created_at: Mapped[Created]
    offers_end: Mapped[Moment]
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments_booking.id"))
    ended_at: Mapped[datetime | None]


class Suspension(Base):
    """A patient who may not book at an institution for a while, why, and what they say to it.

    It ends at ``until``, or at ``lifted_at`` when a member of staff lifts it.
    """

    __tablename__ = "appointments_suspension"
    __table_args__ = (
        CheckConstraint("since < until", name="period"),
        CheckConstraint("num_nonnulls(decided_at, decided_by) IN (0, 2)", name="decided"),
        Index("ix_appointments_suspension_person_id", "person_id", "institution_id", "until"),
        Index(
            "ix_appointments_suspension_institution_id",
            "institution_id",
            "appealed_at",
            postgresql_where=text("appealed_at IS NOT NULL AND decided_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    division_code: Mapped[str]
    since: Mapped[Moment]
    until: Mapped[Moment]
    # As it was called then.
    institution_name: Mapped[str] = mapped_column(default="")
    # Hundredths of a missed visit that led to it, late cancellations by their weight.
    points: Mapped[int] = mapped_column(SmallInteger)
    lifted_at: Mapped[datetime | None]
    appeal: Mapped[str | None] = mapped_column(Encrypted("appointments_suspension.appeal"))
    appealed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    decision: Mapped[str] = mapped_column(default="")
