"""Plans that a team makes itself, who does not want SMS, and which digests were sent."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id, Version
from family_doctor.models.columns import one_of
from family_doctor.schemas.plans import PlanTerm


class PlanTemplate(Base):
    """A team's own course of care, to be used again; ``steps`` are schemas.PlanStep."""

    __tablename__ = "family_doctor_plan_template"
    __table_args__ = (
        CheckConstraint(one_of("term", PlanTerm), name="term"),
        Index(
            "uq_family_doctor_plan_template_name",
            "team_id",
            "name",
            unique=True,
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    name: Mapped[str]
    term: Mapped[str]
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[Created]
    created_by: Mapped[str]
    retired_at: Mapped[datetime | None]
    version: Mapped[Version]


class Plan(Base):
    """A template given to a resident: its steps are obligations of kind ``plan``. It ends early
    where the team says so.
    """

    __tablename__ = "family_doctor_plan"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended"),
        Index("ix_family_doctor_plan_contract_id", "contract_id"),
    )

    id: Mapped[Id]
    template_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_plan_template.id"))
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_contract.id"))
    person_id: Mapped[UUID]
    team_id: Mapped[UUID]
    division_code: Mapped[str]
    name: Mapped[str]
    term: Mapped[str]
    starts_on: Mapped[date]
    created_at: Mapped[Created]
    created_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    end_note: Mapped[str | None] = mapped_column(Encrypted("family_doctor_plan.end_note"))


class ReminderChoice(Base):
    """A person who chose whether reminders also come by SMS; whoever chose nothing gets them."""

    __tablename__ = "family_doctor_reminder_choice"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"), primary_key=True)
    sms: Mapped[bool]


class Digest(Base):
    """That a team was told of a day's work."""

    __tablename__ = "family_doctor_digest"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
