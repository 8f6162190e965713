"""Tables of referrals: what was asked of whom, and every step on the way."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from appointments.models.constraints import one_of
from appointments.referral_states import UNDECIDED, WITH_DEADLINE, ReferralState
from appointments.schemas import Direction, Urgency
from core.database import Base, Created, Encrypted, Id, Moment, Version

WAITS = "state IN (" + ", ".join(f"'{state}'" for state in UNDECIDED) + ")"
DUE = "state IN (" + ", ".join(f"'{state}'" for state in WITH_DEADLINE) + ")"
# Accepted without a place: an emergency, who comes at once.
AT_ONCE = "state = 'accepted' AND direction = 'up' AND booking_id IS NULL"


class Referral(Base):
    """A patient handed on: up from a team to a department, or down to a team or institution.

    ``booking_id`` is the place held for the patient, or since acceptance theirs. Names are those
    at the time of sending. ``summary`` of one that goes down is the plan. ``answered_at`` is when
    the receiving side first said anything, ``accepted_at`` when it said yes; both never change.
    ``answer_by`` is also until when a visit that fell away is to be replaced.
    ``criteria`` are codes of the region's checklist, joined by commas.
    """

    __tablename__ = "appointments_referral"
    __table_args__ = (
        one_of("state", ReferralState),
        one_of("direction", Direction),
        one_of("urgency", Urgency),
        CheckConstraint(
            "CASE direction WHEN 'up'"
            " THEN from_team_id IS NOT NULL AND to_department_id IS NOT NULL"
            " AND to_team_id IS NULL"
            " ELSE from_team_id IS NULL AND to_department_id IS NULL AND booking_id IS NULL"
            " AND num_nonnulls(medicines, watch, next_check) = 3 END",
            name="direction_parts",
        ),
        CheckConstraint("sent_at < answer_by", name="deadline"),
        CheckConstraint(
            "CASE direction WHEN 'up'"
            " THEN num_nonnulls(proposed_institution_id, proposed_department_id) IN (0, 2)"
            " ELSE num_nonnulls(proposed_department_id, proposed_slot_id) = 0 END"
            " AND (state <> 'proposed' OR proposed_institution_id IS NOT NULL)",
            name="proposal",
        ),
        UniqueConstraint("booking_id"),
        Index("ix_appointments_referral_person_id_sent_at", "person_id", "sent_at"),
        Index("ix_appointments_referral_to_institution_id", "to_institution_id", "sent_at", "id"),
        Index("ix_appointments_referral_from_institution_id", "from_institution_id", "sent_at"),
        Index("ix_appointments_referral_sent_at", "sent_at", "id"),
        Index("ix_appointments_referral_answer_by", "answer_by", postgresql_where=text(DUE)),
        Index(
            "ix_appointments_referral_accepted_at", "accepted_at", postgresql_where=text(AT_ONCE)
        ),
        # One at a time: the same wish sent twice is one wish.
        Index(
            "uq_appointments_referral_open_up",
            "person_id",
            "to_department_id",
            unique=True,
            postgresql_where=text(f"{WAITS} AND direction = 'up'"),
        ),
        Index(
            "uq_appointments_referral_open_down",
            "person_id",
            "from_institution_id",
            unique=True,
            postgresql_where=text(f"{WAITS} AND direction = 'down'"),
        ),
    )

    id: Mapped[Id]
    direction: Mapped[str]
    state: Mapped[str] = mapped_column(default=ReferralState.SENT)
    version: Mapped[Version]
    urgency: Mapped[str] = mapped_column(default=Urgency.ROUTINE)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    from_team_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_team.id"))
    from_institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    from_division: Mapped[str]
    from_name: Mapped[str]
    to_team_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_team.id"))
    to_institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    to_department_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_department.id"))
    # The receiving side's, for grouping and for distributing.
    division_code: Mapped[str]
    to_name: Mapped[str]
    department_name: Mapped[str | None]
    department_name_en: Mapped[str | None]
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments_booking.id"))
    proposed_institution_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("directory_institution.id")
    )
    proposed_department_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("directory_department.id")
    )
    proposed_slot_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments_slot.id"))
    reason: Mapped[str] = mapped_column(Encrypted("appointments_referral.reason"))
    summary: Mapped[str] = mapped_column(Encrypted("appointments_referral.summary"))
    medicines: Mapped[str | None] = mapped_column(Encrypted("appointments_referral.medicines"))
    watch: Mapped[str | None] = mapped_column(Encrypted("appointments_referral.watch"))
    next_check: Mapped[date | None]
    criteria: Mapped[str] = mapped_column(Encrypted("appointments_referral.criteria"))
    sent_at: Mapped[Created]
    answer_by: Mapped[Moment]
    reminded_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    example: Mapped[bool] = mapped_column(default=False)


class ReferralEntry(Base):
    """A step that was taken: the ``version`` that it made of the referral, so that each is taken
    once. Without a ``step`` it is the sending.
    """

    __tablename__ = "appointments_referral_step"
    __table_args__ = (UniqueConstraint("referral_id", "version"),)

    id: Mapped[Id]
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("appointments_referral.id"))
    version: Mapped[int] = mapped_column(SmallInteger)
    step: Mapped[str | None]
    state: Mapped[str]
    at: Mapped[Created]
    # Nobody where the calendar moved it.
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    actor_name: Mapped[str] = mapped_column(default="")
    note: Mapped[str | None] = mapped_column(Encrypted("appointments_referral_step.note"))
