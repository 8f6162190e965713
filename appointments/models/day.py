"""Tables of the day itself: who came, what triage found, the screens of the halls."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from appointments.models.constraints import one_of
from appointments.schemas.day import Precedence, TicketState
from core.database import Base, Created, Encrypted, Id, Moment


class Ticket(Base):
    """A patient who came, in the queue of a room.

    ``session_id`` is the room they wait for now, which after a transfer is not their booking's.
    They are called by ``priority``, then by ``due_at`` (their slot, or their arrival where that
    was too late for it), then by ``arrived_at``. ``label`` is what is called, one of a kind in a
    department's day. ``calls`` counts those since they were last taken from the queue.
    """

    __tablename__ = "appointments_ticket"
    __table_args__ = (
        one_of("state", TicketState),
        CheckConstraint(f"priority BETWEEN 0 AND {max(Precedence):d}", name="priority"),
        CheckConstraint("state NOT IN ('called', 'done') OR called_at IS NOT NULL", name="called"),
        CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done"),
        CheckConstraint("(state = 'skipped') = (skipped_at IS NOT NULL)", name="skipped"),
        UniqueConstraint("booking_id"),
        UniqueConstraint("department_id", "date", "label"),
        # Nobody is called into a room where somebody is.
        Index(
            "uq_appointments_ticket_called",
            "session_id",
            unique=True,
            postgresql_where=text("state = 'called'"),
        ),
        Index(
            "ix_appointments_ticket_session_id", "session_id", "priority", "due_at", "arrived_at"
        ),
    )

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_session.id"))
    institution_id: Mapped[UUID]
    department_id: Mapped[UUID]
    division_code: Mapped[str]
    date: Mapped[date]
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_booking.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    priority: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(default=TicketState.WAITING)
    label: Mapped[str]
    due_at: Mapped[Moment]
    arrived_at: Mapped[Moment]
    called_at: Mapped[datetime | None]
    called_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    calls: Mapped[int] = mapped_column(SmallInteger, default=0)
    skipped_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class Triage(Base):
    """What the triage desk found of a patient who came: level 1 (in danger of life) to 4.

    ``department_id`` is where they were sent on to, ``booking_id`` the place they got there.
    """

    __tablename__ = "appointments_triage"
    __table_args__ = (
        CheckConstraint("level BETWEEN 1 AND 4", name="level"),
        CheckConstraint("num_nonnulls(department_id, booking_id) IN (0, 2)", name="redirect"),
        Index("ix_appointments_triage_ticket_id", "ticket_id"),
    )

    id: Mapped[Id]
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_ticket.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    institution_id: Mapped[UUID]
    division_code: Mapped[str]
    level: Mapped[int] = mapped_column(SmallInteger)
    complaint: Mapped[str] = mapped_column(Encrypted("appointments_triage.complaint"))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_department.id"))
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments_booking.id"))
    made_by: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    created_at: Mapped[Created]


class HallScreen(Base):
    """A screen in a waiting hall. Its address holds a secret of which only the digest is kept;
    ended, the address shows nothing any more. No departments are all of them.
    """

    __tablename__ = "appointments_screen"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_appointments_screen_institution_id", "institution_id", "created_at"),
    )

    id: Mapped[Id]
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    division_code: Mapped[str]
    name: Mapped[str]
    department_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_by: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    created_at: Mapped[Created]
    ended_at: Mapped[datetime | None]
