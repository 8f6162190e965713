"""Tables of appointments: an institution's rules, weekly templates, sessions, slots, bookings."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from appointments.schemas import HalfDay, Kind, State
from core.database import Base, Created, Id, Moment


def _one_of(column: str, values: type[HalfDay] | type[Kind] | type[State]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Rule(Base):
    """How an institution takes bookings; one that has no row takes none.

    A session copies what it needs when it is opened, so a changed rule holds for later sessions
    and nobody's promise is broken. One live booking per patient, department and day is not a rule
    that can be set: an index on the bookings holds it.
    """

    __tablename__ = "appointments_rule"
    __table_args__ = (
        CheckConstraint("horizon_days BETWEEN 1 AND 60", name="horizon"),
        CheckConstraint("expert_horizon_days BETWEEN 1 AND 60", name="expert_horizon"),
        CheckConstraint("slot_minutes BETWEEN 5 AND 60", name="slot_minutes"),
        CheckConstraint("close_minutes >= 0 AND cancel_days >= 0", name="deadlines"),
        CheckConstraint("day_limit >= 1 AND active_limit >= day_limit", name="limits"),
        CheckConstraint(
            "morning_from < morning_until AND morning_until <= afternoon_from"
            " AND afternoon_from < afternoon_until",
            name="hours",
        ),
    )

    institution_id: Mapped[UUID] = mapped_column(
        ForeignKey("directory_institution.id"), primary_key=True
    )
    # Days ahead that can be booked, and the wall-clock time at which a further day opens.
    horizon_days: Mapped[int] = mapped_column(SmallInteger, default=7)
    expert_horizon_days: Mapped[int] = mapped_column(SmallInteger, default=14)
    release_time: Mapped[time] = mapped_column(default=time(7))
    # Booking closes this many minutes before the slot starts.
    close_minutes: Mapped[int] = mapped_column(SmallInteger, default=30)
    # Cancelling ends at this time, so many days before the visit.
    cancel_days: Mapped[int] = mapped_column(SmallInteger, default=1)
    cancel_time: Mapped[time] = mapped_column(default=time(17))
    # Live bookings of one patient on one day, and still to come.
    day_limit: Mapped[int] = mapped_column(SmallInteger, default=2)
    active_limit: Mapped[int] = mapped_column(SmallInteger, default=4)
    slot_minutes: Mapped[int] = mapped_column(SmallInteger, default=30)
    morning_from: Mapped[time] = mapped_column(default=time(8))
    morning_until: Mapped[time] = mapped_column(default=time(12))
    afternoon_from: Mapped[time] = mapped_column(default=time(14, 30))
    afternoon_until: Mapped[time] = mapped_column(default=time(17, 30))


class Template(Base):
    """A weekly clinic of a doctor, or of a department where ``clinic_name`` is set instead.

    ``weekday`` is ISO: 1 is Monday. ``capacity`` is patients per slot.
    """

    __tablename__ = "appointments_template"
    __table_args__ = (
        _one_of("half_day", HalfDay),
        _one_of("kind", Kind),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("capacity BETWEEN 1 AND 200", name="capacity"),
        CheckConstraint("fee_fen >= 0", name="fee"),
        CheckConstraint("num_nonnulls(staff_id, clinic_name) = 1", name="doctor_or_clinic"),
        UniqueConstraint(
            "staff_id", "weekday", "half_day", name="uq_appointments_template_doctor_half_day"
        ),
        UniqueConstraint(
            "department_id",
            "clinic_name",
            "weekday",
            "half_day",
            name="uq_appointments_template_clinic_half_day",
        ),
    )

    id: Mapped[Id]
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_rule.institution_id"))
    department_id: Mapped[UUID] = mapped_column(ForeignKey("directory_department.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_staff.id"))
    clinic_name: Mapped[str | None]
    kind: Mapped[str]
    weekday: Mapped[int] = mapped_column(SmallInteger)
    half_day: Mapped[str]
    room: Mapped[str] = mapped_column(default="")
    capacity: Mapped[int] = mapped_column(SmallInteger)
    fee_fen: Mapped[int]
    disabled_at: Mapped[datetime | None]


class ClinicSession(Base):
    """A half-day of a doctor or clinic. A doctor cannot be in two at once.

    Names and place are those published when it was opened: a booking is a slip of paper that
    must still read the same when the doctor has moved on. ``clinic_name`` is the doctor's name
    where there is one (``staff_id``), else the clinic's.
    """

    __tablename__ = "appointments_session"
    __table_args__ = (
        _one_of("half_day", HalfDay),
        _one_of("kind", Kind),
        CheckConstraint("fee_fen >= 0", name="fee"),
        UniqueConstraint(
            "staff_id", "date", "half_day", name="uq_appointments_session_doctor_half_day"
        ),
        UniqueConstraint(
            "department_id",
            "clinic_name",
            "date",
            "half_day",
            name="uq_appointments_session_clinic_half_day",
        ),
    )

    id: Mapped[Id]
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_rule.institution_id"))
    department_id: Mapped[UUID] = mapped_column(ForeignKey("directory_department.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_staff.id"))
    # The division the institution lies in, for grouping and for distributing.
    division_code: Mapped[str]
    institution_name: Mapped[str]
    department_name: Mapped[str]
    department_name_en: Mapped[str | None]
    clinic_name: Mapped[str]
    doctor_title: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")
    example: Mapped[bool] = mapped_column(default=False)
    kind: Mapped[str]
    date: Mapped[date]
    half_day: Mapped[str]
    fee_fen: Mapped[int]
    created_at: Mapped[Created]


class Slot(Base):
    """A half-hour of a session: its places, and the moments between which they can be taken.

    ``remaining`` = ``capacity`` − live bookings. ``issued`` = numbers given out, cancelled
    ones included; it never falls, so a number is never called for two people. Institution,
    department, division and date repeat the session's, for the one statement that books.
    Room on the pages keeps the counting update off the indexes (HOT).
    """

    __tablename__ = "appointments_slot"
    __table_args__ = (
        CheckConstraint("remaining BETWEEN 0 AND capacity", name="remaining"),
        CheckConstraint("issued >= capacity - remaining", name="issued"),
        CheckConstraint("starts_at < ends_at AND opens_at < closes_at", name="order"),
        UniqueConstraint("session_id", "starts_at"),
        Index("ix_appointments_slot_department_id_date", "department_id", "date"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_session.id"))
    institution_id: Mapped[UUID]
    department_id: Mapped[UUID]
    division_code: Mapped[str]
    date: Mapped[date]
    starts_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    capacity: Mapped[int] = mapped_column(SmallInteger)
    remaining: Mapped[int] = mapped_column(SmallInteger)
    issued: Mapped[int] = mapped_column(SmallInteger, default=0)
    # From the institution's rule at the time of opening.
    opens_at: Mapped[Moment]
    closes_at: Mapped[Moment]
    cancel_until: Mapped[Moment]


class Booking(Base):
    """A patient's place in a slot, with its number there.

    Everything from ``institution_id`` to ``starts_at`` repeats the slot's and needs no foreign
    key of its own: each costs the booking statement a look-up and locks a row that all bookings
    of the hospital share. ``account_id`` is who booked; none for one brought in from elsewhere.
    """

    __tablename__ = "appointments_booking"
    __table_args__ = (
        _one_of("state", State),
        CheckConstraint("(state = 'cancelled') = (cancelled_at IS NOT NULL)", name="cancelled"),
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
    state: Mapped[str] = mapped_column(default=State.BOOKED)
    created_at: Mapped[Created]
    cancelled_at: Mapped[datetime | None]
