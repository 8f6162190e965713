"""Long-term medicines as the team keeps them, and requests to renew one."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment
from family_doctor.models.columns import one_of
from family_doctor.schemas.prescriptions import ANSWERED, GIVEN, UNANSWERED, RefillState

LONGEST_DAYS = 84


class PrescriptionRule(Base):
    """A version of the region's rule of renewing (schemas.PrescriptionRules); the newest by
    ``loaded_at`` is in force.
    """

    __tablename__ = "family_doctor_prescription_rule"

    version: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    loaded_at: Mapped[Moment]


class Medicine(Base):
    """A medicine that a person takes for long, entered by a doctor of their team; ended, never
    removed. ``runs_out_on`` is the last day of the supply at hand, where that is known.
    """

    __tablename__ = "family_doctor_medicine"
    __table_args__ = (
        CheckConstraint(f"supply_days BETWEEN 1 AND {LONGEST_DAYS}", name="supply_days"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        Index("ix_family_doctor_medicine_person_id", "person_id", "ended_at"),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    division_code: Mapped[str]
    class_code: Mapped[str]
    name: Mapped[str] = mapped_column(Encrypted("family_doctor_medicine.name"))
    dose: Mapped[str] = mapped_column(Encrypted("family_doctor_medicine.dose"))
    supply_days: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[date]
    runs_out_on: Mapped[date | None]
    entered_by: Mapped[str]
    entered_at: Mapped[Moment]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]


class Refill(Base):
    """A request to renew a medicine, with the medicine as it was when asked: a document that later
    changes leave alone. Of a medicine one waits at a time.

    ``asked_by_id`` is who asked: the person, or with ``for_another`` who may act for them.
    ``usual_days`` is the rule's when it was asked: a longer supply waits for ``confirmed_at``.
    """

    __tablename__ = "family_doctor_refill"
    __table_args__ = (
        CheckConstraint(one_of("state", RefillState), name="state"),
        CheckConstraint(
            f"({one_of('state', ANSWERED)}) = (decided_at IS NOT NULL)"
            " AND num_nonnulls(decided_at, decided_by) IN (0, 2)",
            name="decided",
        ),
        CheckConstraint(
            f"({one_of('state', GIVEN)}) = (days IS NOT NULL)"
            f" AND days BETWEEN 1 AND {LONGEST_DAYS}",
            name="days",
        ),
        CheckConstraint("(state = 'changed') = (new_dose IS NOT NULL)", name="new_dose"),
        CheckConstraint("state <> 'refused' OR reason IS NOT NULL", name="reason"),
        Index(
            "uq_family_doctor_refill_medicine_id",
            "medicine_id",
            unique=True,
            postgresql_where=text(one_of("state", UNANSWERED)),
        ),
        Index("ix_family_doctor_refill_medicine_id", "medicine_id"),
        Index("ix_family_doctor_refill_person_id", "person_id", "asked_at"),
        Index("ix_family_doctor_refill_team_id", "team_id", "state", "asked_at"),
        Index(
            "ix_family_doctor_refill_answer_by",
            "answer_by",
            postgresql_where=text(one_of("state", UNANSWERED)),
        ),
    )

    id: Mapped[Id]
    medicine_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_medicine.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    division_code: Mapped[str]
    class_code: Mapped[str]
    name: Mapped[str] = mapped_column(Encrypted("family_doctor_refill.name"))
    dose: Mapped[str] = mapped_column(Encrypted("family_doctor_refill.dose"))
    note: Mapped[str | None] = mapped_column(Encrypted("family_doctor_refill.note"))
    state: Mapped[str] = mapped_column(default=RefillState.WAITING)
    asked_at: Mapped[Moment]
    asked_by: Mapped[str]
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    for_another: Mapped[bool]
    answer_by: Mapped[Moment]
    usual_days: Mapped[int] = mapped_column(SmallInteger)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    days: Mapped[int | None] = mapped_column(SmallInteger)
    new_dose: Mapped[str | None] = mapped_column(Encrypted("family_doctor_refill.new_dose"))
    assessment: Mapped[str | None] = mapped_column(Encrypted("family_doctor_refill.assessment"))
    reason: Mapped[str | None] = mapped_column(Encrypted("family_doctor_refill.reason"))
    confirmed_at: Mapped[datetime | None]
