"""Tables of what is offered: an institution's rules, weekly templates, sessions, slots."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, synonym

from appointments.models.constraints import one_of
from appointments.schemas import HalfDay, Kind
from core.database import Base, Created, Id, Moment, Version


class Rule(Base):
    """How an institution takes bookings; one that has no row takes none.

    A session copies what it needs when it is opened, so a changed rule holds for later sessions
    and nobody's promise is broken. One live booking per patient, department and day is not a rule
    that can be set: an index on the bookings holds it.
    """

    __tablename__ = "appointments_rule"
    __table_args__ = (
        CheckConstraint("horizon_days BETWEEN 1 AND 60", name="horizon"),
        CheckConstraint("slot_minutes BETWEEN 5 AND 60", name="slot_minutes"),
        CheckConstraint("close_minutes >= 0 AND cancel_days >= 0", name="deadlines"),
        CheckConstraint("day_limit >= 1 AND active_limit >= day_limit", name="limits"),
        CheckConstraint(
            "morning_from < morning_until AND morning_until <= afternoon_from"
            " AND afternoon_from < afternoon_until",
            name="hours",
        ),
        CheckConstraint(
            "LEAST(family_doctor_share, referral_share, onsite_share, elderly_share) >= 0"
            " AND family_doctor_share + referral_share + onsite_share + elderly_share <= 100",
            name="shares",
        ),
        CheckConstraint("elderly_age BETWEEN 0 AND 120", name="elderly"),
        CheckConstraint(
            "hold_minutes BETWEEN 1 AND 120 AND offer_minutes BETWEEN 1 AND 240",
            name="holds",
        ),
        CheckConstraint(
            "no_show_max >= 1 AND no_show_days >= 1 AND suspend_days >= 1"
            " AND late_cancel_percent BETWEEN 0 AND 100",
            name="no_shows",
        ),
        CheckConstraint("queue_minutes BETWEEN 0 AND 240 AND queue_rate >= 1", name="queue"),
        CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL) AND quiet_from <> quiet_until",
            name="quiet",
        ),
        CheckConstraint(
            "recall_max BETWEEN 0 AND 9 AND skip_behind BETWEEN 1 AND 50", name="calling"
        ),
    )

    institution_id: Mapped[UUID] = mapped_column(
        ForeignKey("directory_institution.id"), primary_key=True
    )
    # What a history knows it by.
    id: Mapped[UUID] = synonym("institution_id")
    # Days ahead that can be booked, and the wall-clock time at which a further day opens.
    horizon_days: Mapped[int] = mapped_column(SmallInteger, default=7)
    release_time: Mapped[time] = mapped_column(default=time(7))
    # What differs for a kind of clinic: {"expert": {"horizon_days": 14, "release_time": "07:30"}}.
    by_kind: Mapped[dict[str, Any]] = mapped_column(
        JSONB, default=lambda: {Kind.EXPERT: {"horizon_days": 14}}
    )
    # Booking closes this many minutes before the slot starts.
    close_minutes: Mapped[int] = mapped_column(SmallInteger, default=30)
    # Cancelling ends at this time, so many days before the visit.
    cancel_days: Mapped[int] = mapped_column(SmallInteger, default=1)
    cancel_time: Mapped[time] = mapped_column(default=time(17))
    # Live bookings of one patient on one day, and still to come.
    day_limit: Mapped[int] = mapped_column(SmallInteger, default=2)
    active_limit: Mapped[int] = mapped_column(SmallInteger, default=4)
    # People beside oneself that one account may book for here within a year.
    proxies_limit: Mapped[int] = mapped_column(SmallInteger, default=6)
    # Percent of a session's places kept from the public pool, and how many hours before its slot
    # a family doctor's or referral's place goes to the public after all.
    family_doctor_share: Mapped[int] = mapped_column(SmallInteger, default=0)
    referral_share: Mapped[int] = mapped_column(SmallInteger, default=0)
    onsite_share: Mapped[int] = mapped_column(SmallInteger, default=0)
    elderly_share: Mapped[int] = mapped_column(SmallInteger, default=0)
    reserved_hours: Mapped[int] = mapped_column(SmallInteger, default=48)
    # From which age the elderly's and callers' places are for a patient; at 0, for everybody.
    elderly_age: Mapped[int] = mapped_column(SmallInteger, default=65, server_default="65")
    # A place is held so long for somebody who has not confirmed or paid; one offered, so long.
    hold_minutes: Mapped[int] = mapped_column(SmallInteger, default=15)
    waitlist_limit: Mapped[int] = mapped_column(SmallInteger, default=2)
    offer_minutes: Mapped[int] = mapped_column(SmallInteger, default=20)
    # No offer begins between these wall-clock times, mostly over midnight; without them, any time.
    quiet_from: Mapped[time | None] = mapped_column(default=time(22))
    quiet_until: Mapped[time | None] = mapped_column(default=time(7))
    # So many missed visits within so many days suspend for so long; a late cancellation counts as
    # this much of one.
    no_show_max: Mapped[int] = mapped_column(SmallInteger, default=3)
    no_show_days: Mapped[int] = mapped_column(SmallInteger, default=180)
    suspend_days: Mapped[int] = mapped_column(SmallInteger, default=90)
    late_cancel_percent: Mapped[int] = mapped_column(SmallInteger, default=50)
    # Checking in opens and ends so long before and after the slot's start.
    early_minutes: Mapped[int] = mapped_column(SmallInteger, default=60)
    grace_minutes: Mapped[int] = mapped_column(SmallInteger, default=30)
    # A patient who does not come is called again so often; passed over, so many others go first.
    recall_max: Mapped[int] = mapped_column(SmallInteger, default=3, server_default="3")
    skip_behind: Mapped[int] = mapped_column(SmallInteger, default=3, server_default="3")
    # How long after a release one enters by the queue, none at 0, and how many a second.
    queue_minutes: Mapped[int] = mapped_column(SmallInteger, default=0)
    queue_rate: Mapped[int] = mapped_column(SmallInteger, default=20)
    slot_minutes: Mapped[int] = mapped_column(SmallInteger, default=30)
    version: Mapped[Version]
    morning_from: Mapped[time] = mapped_column(default=time(8))
    morning_until: Mapped[time] = mapped_column(default=time(12))
    afternoon_from: Mapped[time] = mapped_column(default=time(14, 30))
    afternoon_until: Mapped[time] = mapped_column(default=time(17, 30))

    def is_quiet(self, at: time) -> bool:
        """Whether nobody is offered a place at this time on the wall."""
        if self.quiet_from is None or self.quiet_until is None:
            return False
        if self.quiet_from < self.quiet_until:
            return self.quiet_from <= at < self.quiet_until
        return at >= self.quiet_from or at < self.quiet_until


def _one_at_a_time(name: str, *columns: str) -> ExcludeConstraint:
    """Weekly clinics in the same half-day that are in force on a common day exclude each other."""
    return ExcludeConstraint(
        *((column, "=") for column in (*columns, "weekday", "half_day")),
        (text("daterange(valid_from, valid_until, '[]')"), "&&"),
        name=f"ex_appointments_template_{name}_half_day",
        where=text("disabled_at IS NULL"),
        using="gist",
    )


class Template(Base):
    """A weekly clinic of a doctor, or of a department where ``clinic_name`` is set instead.

    ``weekday`` is ISO: 1 is Monday. ``capacity`` is patients per slot. In one half-day there is
    one at a time: another may follow where the former has ended.
    """

    __tablename__ = "appointments_template"
    __table_args__ = (
        one_of("half_day", HalfDay),
        one_of("kind", Kind),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("capacity BETWEEN 1 AND 200", name="capacity"),
        CheckConstraint("fee_fen >= 0", name="fee"),
        CheckConstraint("num_nonnulls(staff_id, clinic_name) = 1", name="doctor_or_clinic"),
        _one_at_a_time("doctor", "staff_id"),
        _one_at_a_time("clinic", "department_id", "clinic_name"),
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
    # Whether it is held on public holidays too; days outside the period are passed over.
    on_holidays: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    disabled_at: Mapped[datetime | None]
    version: Mapped[Version]


class TemplateException(Base):
    """A day on which a weekly clinic (without ``template_id`` the whole institution) is not as
    usual: no clinic, or with ``capacity`` another number of patients per slot.
    """

    __tablename__ = "appointments_exception"
    __table_args__ = (
        CheckConstraint("capacity BETWEEN 1 AND 200", name="capacity"),
        CheckConstraint("template_id IS NOT NULL OR capacity IS NULL", name="whole_day"),
        Index(
            "uq_appointments_exception_template_id_date",
            "template_id",
            "date",
            unique=True,
            postgresql_where=text("template_id IS NOT NULL"),
        ),
        Index(
            "uq_appointments_exception_institution_id_date",
            "institution_id",
            "date",
            unique=True,
            postgresql_where=text("template_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_rule.institution_id"))
    template_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments_template.id"))
    date: Mapped[date]
    capacity: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Created]


class Holiday(Base):
    """A public holiday of the region: weekly clinics are closed unless they say otherwise."""

    __tablename__ = "appointments_holiday"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str | None]


class Symptom(Base):
    """A word for what somebody feels or has, and a specialty that treats it: no diagnosis, only a
    way to a department. ``diseases`` is how many with it the specialty treats.
    """

    __tablename__ = "appointments_symptom"

    word: Mapped[str] = mapped_column(primary_key=True)
    specialty_code: Mapped[str] = mapped_column(
        ForeignKey("directory_specialty.code"), primary_key=True
    )
    diseases: Mapped[int] = mapped_column(SmallInteger)
    urgent: Mapped[bool]


class ClinicSession(Base):
    """A half-day of a doctor or clinic. A doctor cannot be in two at once.

    Names and place are those published when it was opened: a booking is a slip of paper that
    must still read the same when the doctor has moved on. ``clinic_name`` is the doctor's name
    where there is one (``staff_id``), else the clinic's. ``external_id`` is the hospital's own
    id of one that it sent. Stopped, it takes no bookings.
    """

    __tablename__ = "appointments_session"
    __table_args__ = (
        one_of("half_day", HalfDay),
        one_of("kind", Kind),
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
        UniqueConstraint("institution_id", "external_id"),
        Index("ix_appointments_session_institution_id_date", "institution_id", "date"),
        Index("ix_appointments_session_template_id", "template_id", "date"),
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
    template_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments_template.id"))
    external_id: Mapped[str | None]
    stopped_at: Mapped[datetime | None]
    stop_reason: Mapped[str] = mapped_column(default="")
    # Whoever waits is told why nobody is called.
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Created]


class Slot(Base):
    """A half-hour of a session: its places by pool, and the moments between which they can be
    taken.

    Each of the ``capacity`` places is either ``taken`` by a live booking or free in one pool:
    ``remaining`` counts the public's. ``issued`` = numbers given out, cancelled ones included; it
    never falls, so a number is never called for two people. Institution, department, division and
    date repeat the session's, for the one statement that books. Room on the pages keeps the
    counting update off the indexes (HOT).
    """

    __tablename__ = "appointments_slot"
    __table_args__ = (
        CheckConstraint(
            "LEAST(taken, remaining, family_doctor, referral, onsite, elderly, waitlist) >= 0",
            name="pools",
        ),
        CheckConstraint(
            "taken + remaining + family_doctor + referral + onsite + elderly + waitlist = capacity",
            name="places",
        ),
        CheckConstraint("issued >= taken", name="issued"),
        CheckConstraint(
            "excess BETWEEN 0 AND taken AND (excess = 0 OR taken = capacity)", name="excess"
        ),
        CheckConstraint("starts_at < ends_at AND opens_at < closes_at", name="order"),
        UniqueConstraint("session_id", "starts_at"),
        Index("ix_appointments_slot_department_id_date", "department_id", "date"),
        # Reserved places that are to go to the public, and returned ones to be offered.
        Index(
            "ix_appointments_slot_waitlist",
            "session_id",
            postgresql_where=text("waitlist > 0"),
        ),
        Index(
            "ix_appointments_slot_reserved_until",
            "reserved_until",
            postgresql_where=text("family_doctor + referral > 0"),
        ),
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
    # So many of the taken places there are only for those who have them: wanted are fewer. One that
    # is given back is gone.
    excess: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    taken: Mapped[int] = mapped_column(SmallInteger, default=0)
    remaining: Mapped[int] = mapped_column(SmallInteger)
    family_doctor: Mapped[int] = mapped_column(SmallInteger, default=0)
    referral: Mapped[int] = mapped_column(SmallInteger, default=0)
    onsite: Mapped[int] = mapped_column(SmallInteger, default=0)
    elderly: Mapped[int] = mapped_column(SmallInteger, default=0)
    # Returned while somebody waits for the session: theirs before it is anybody's.
    waitlist: Mapped[int] = mapped_column(SmallInteger, default=0)
    issued: Mapped[int] = mapped_column(SmallInteger, default=0)
    # With its session: a booking that waits for this row must see it when its turn comes.
    stopped: Mapped[bool] = mapped_column(default=False, server_default=false())
    # From the institution's rule at the time of opening.
    opens_at: Mapped[Moment]
    closes_at: Mapped[Moment]
    cancel_until: Mapped[Moment]
    reserved_until: Mapped[Moment]
