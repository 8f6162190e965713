"""The organisation of the region. Rows marked ``example`` are made up in the usual shape."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Id, Version


class Disableable:
    """What is taken out of service rather than deleted, so that its history keeps its meaning."""

    disabled_at: Mapped[datetime | None]
    version: Mapped[Version]

    @property
    def disabled(self) -> bool:
        """Whether it is out of service."""
        return self.disabled_at is not None


class Division(Base):
    """A city, county or township by its code (GB/T 2260, GB/T 10114); population is official or
    estimated, never counted from the people loaded here.
    """

    __tablename__ = "directory_division"
    __table_args__ = (Index("ix_directory_division_parent_code", "parent_code"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str | None]
    level: Mapped[str]
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("directory_division.code"))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 5))
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 5))
    population: Mapped[int]
    estimated: Mapped[bool]


class Village(Base):
    """A village or community; ``record_code`` is its segment of the health-record number."""

    __tablename__ = "directory_village"
    __table_args__ = (Index("ix_directory_village_division_code", "division_code"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    division_code: Mapped[str] = mapped_column(ForeignKey("directory_division.code"))
    record_code: Mapped[str]


class Specialty(Base):
    """A clinical specialty of the national list (诊疗科目)."""

    __tablename__ = "directory_specialty"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str | None]
    parent_code: Mapped[str | None]


class Institution(Disableable, Base):
    """A hospital, health centre or agency. ``type_code`` follows WS 218; figures are reported."""

    __tablename__ = "directory_institution"
    __table_args__ = (
        Index("ix_directory_institution_division_code", "division_code"),
        CheckConstraint("beds >= 0 AND doctors >= 0 AND nurses >= 0", name="figures"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    short_name: Mapped[str]
    type_code: Mapped[str]
    level: Mapped[str]
    ownership: Mapped[str]
    division_code: Mapped[str] = mapped_column(ForeignKey("directory_division.code"))
    address: Mapped[str]
    beds: Mapped[int]
    doctors: Mapped[int]
    nurses: Mapped[int]
    bookable: Mapped[bool] = mapped_column(default=False)
    example: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Created]


class Department(Disableable, Base):
    """A department that an institution runs."""

    __tablename__ = "directory_department"
    __table_args__ = (UniqueConstraint("institution_id", "name"),)

    id: Mapped[Id]
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    specialty_code: Mapped[str] = mapped_column(ForeignKey("directory_specialty.code"))
    name: Mapped[str]
    name_en: Mapped[str | None]
    location: Mapped[str]


class Staff(Disableable, Base):
    """One who works at an institution; with an account if they use the portal."""

    __tablename__ = "directory_staff"
    __table_args__ = (
        Index("ix_directory_staff_institution_id", "institution_id"),
        Index("ix_directory_staff_department_id", "department_id"),
    )

    id: Mapped[Id]
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_department.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"), unique=True)
    name: Mapped[str]
    profession: Mapped[str]
    title: Mapped[str]
    introduction: Mapped[str]
    example: Mapped[bool] = mapped_column(default=False)


class Team(Disableable, Base):
    """A family-doctor team of an institution, serving a township first."""

    __tablename__ = "directory_team"
    __table_args__ = (
        Index("ix_directory_team_institution_id", "institution_id"),
        Index("ix_directory_team_division_code", "division_code"),
        CheckConstraint("capacity BETWEEN 1 AND 2000", name="capacity"),
    )

    id: Mapped[Id]
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    division_code: Mapped[str] = mapped_column(ForeignKey("directory_division.code"))
    name: Mapped[str]
    capacity: Mapped[int]
    introduction: Mapped[str]
    example: Mapped[bool] = mapped_column(default=False)


class TeamMember(Base):
    """What somebody does in a team; one leader a team."""

    __tablename__ = "directory_team_member"
    __table_args__ = (
        CheckConstraint(
            "duty IN ('leader', 'general_practitioner', 'nurse', 'public_health',"
            " 'health_manager', 'village_doctor')",
            name="duty",
        ),
        Index(
            "uq_directory_team_member_leader",
            "team_id",
            unique=True,
            postgresql_where=text("duty = 'leader'"),
        ),
        Index("ix_directory_team_member_staff_id", "staff_id"),
    )

    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("directory_staff.id"), primary_key=True)
    duty: Mapped[str]
