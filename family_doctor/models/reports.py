"""Work reports, frozen as they were made, and the schemes by which they give points."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Id, Moment
from family_doctor.models.columns import one_of
from family_doctor.schemas.reports import FigureCode, ReportKind


class PointScheme(Base):
    """A version of how points are given, of an institution or (without one) of the region. Never
    changed: a new version takes its place from ``valid_from`` on. ``example`` marks a made-up one.
    """

    __tablename__ = "family_doctor_point_scheme"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        Index(
            "uq_family_doctor_point_scheme_institution_id_number",
            "institution_id",
            "number",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    institution_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_institution.id"))
    # As published then.
    institution_name: Mapped[str] = mapped_column(default="", server_default="")
    # Of the institution, or of the whole region.
    division_code: Mapped[str] = mapped_column(ForeignKey("directory_division.code"))
    number: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[date]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    example: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    made_at: Mapped[Created]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    made_by_name: Mapped[str] = mapped_column(default="", server_default="")


class Report(Base):
    """What a team, or one of its members (``staff_id``), did in a week or month; both days are
    included. Team, institution, division and names are as they were when it was made.

    An edition is never changed. When the same period gives something else (late entries), a new
    edition is made and the one before is ``superseded_at`` that moment. ``rules`` is the version
    of what the figures mean (``family_doctor.figures.RULES``), ``digest`` the SHA-256 of all that
    the report says, so that what is the same is not made twice.
    """

    __tablename__ = "family_doctor_report"
    __table_args__ = (
        CheckConstraint(one_of("kind", ReportKind), name="kind"),
        CheckConstraint("starts_on < ends_on", name="period"),
        CheckConstraint("edition > 0", name="edition"),
        CheckConstraint("octet_length(digest) = 32", name="digest"),
        Index(
            "uq_family_doctor_report_current",
            "team_id",
            "kind",
            "starts_on",
            "staff_id",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_family_doctor_report_account_id", "account_id", "starts_on"),
        Index("ix_family_doctor_report_institution_id", "institution_id", "starts_on"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_staff.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    division_code: Mapped[str] = mapped_column(ForeignKey("directory_division.code"))
    team_name: Mapped[str]
    staff_name: Mapped[str] = mapped_column(default="", server_default="")
    edition: Mapped[int] = mapped_column(SmallInteger)
    made_at: Mapped[Moment]
    superseded_at: Mapped[datetime | None]
    rules: Mapped[int] = mapped_column(SmallInteger)
    scheme_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_point_scheme.id"))
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    points: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    total: Mapped[int]
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class ReportRows(Base):
    """The things that a figure of a report counted, in the order of their time; a figure of
    nothing has no row here. What they are (contracts, service records, …) the figure says.
    """

    __tablename__ = "family_doctor_report_rows"
    __table_args__ = (
        CheckConstraint(one_of("code", FigureCode), name="code"),
        CheckConstraint("cardinality(ids) > 0", name="ids"),
    )

    report_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_report.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))


class ReportRun(Base):
    """That a period's reports were made for all teams: it is not looked at again by the calendar,
    but for late entries.
    """

    __tablename__ = "family_doctor_report_run"
    __table_args__ = (CheckConstraint(one_of("kind", ReportKind), name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    made_at: Mapped[Moment]
