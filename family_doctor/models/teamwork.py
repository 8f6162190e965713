"""Who in a team looks after which resident, how they were handed over, and who is away."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment


class Handover(Base):
    """One act of giving residents to a member of the team, with what the giver wants known.

    ``residents`` is how many there were then. Names are copies, as they were.
    """

    __tablename__ = "family_doctor_handover"
    __table_args__ = (
        CheckConstraint("residents > 0", name="residents"),
        Index("ix_family_doctor_handover_team_id", "team_id", "id"),
    )

    id: Mapped[Id]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    to_staff_id: Mapped[UUID] = mapped_column(ForeignKey("directory_staff.id"))
    to_name: Mapped[str]
    residents: Mapped[int]
    note: Mapped[str | None] = mapped_column(Encrypted("family_doctor_handover.note"))
    at: Mapped[Moment]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    by_name: Mapped[str]


class Assignment(Base):
    """Who looks after the resident of a contract, from when until when; at most one at a time.

    ``told_at`` is when the resident was told. A renewal with the same team goes on with its
    predecessor's, so that two contracts can have one handover.
    """

    __tablename__ = "family_doctor_assignment"
    __table_args__ = (
        CheckConstraint("until >= since", name="period"),
        Index(
            "uq_family_doctor_assignment_current",
            "contract_id",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index(
            "ix_family_doctor_assignment_staff_id",
            "team_id",
            "staff_id",
            postgresql_where=text("until IS NULL"),
        ),
        Index("ix_family_doctor_assignment_contract_id", "contract_id", "since"),
        Index("ix_family_doctor_assignment_handover_id", "handover_id"),
    )

    id: Mapped[Id]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_contract.id"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("directory_staff.id"))
    staff_name: Mapped[str]
    handover_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_handover.id"))
    since: Mapped[Moment]
    until: Mapped[datetime | None]
    told_at: Mapped[datetime | None]


class Absence(Base):
    """Days (both included) on which a member of a team is away, and who stands in for them.

    It is over with its last day, or earlier from ``ended_at`` on. Nobody is away twice at a time.
    """

    __tablename__ = "family_doctor_absence"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="days"),
        CheckConstraint("staff_id <> substitute_id", name="substitute"),
        ExcludeConstraint(
            ("team_id", "="),
            ("staff_id", "="),
            (text("daterange(starts_on, ends_on, '[]')"), "&&"),
            where=text("ended_at IS NULL"),
            name="ex_family_doctor_absence_once",
        ),
        Index("ix_family_doctor_absence_team_id", "team_id", "ends_on"),
    )

    id: Mapped[Id]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("directory_staff.id"))
    staff_name: Mapped[str]
    substitute_id: Mapped[UUID] = mapped_column(ForeignKey("directory_staff.id"))
    substitute_name: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    recorded_at: Mapped[Moment]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    ended_at: Mapped[datetime | None]
