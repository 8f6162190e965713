"""The norms and forms of follow-up as the region's pack gave them, and what starts a norm."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Id, Moment
from family_doctor.models.columns import one_of
from family_doctor.schemas.norms import EventKind


class NormVersion(Base):
    """A version of the region's norms; the newest by ``loaded_at`` is in force. ``reminding`` holds
    the hours of reminding (schemas.Reminding), ``screening`` when records speak for a label
    (schemas.Screening).
    """

    __tablename__ = "family_doctor_norm_version"

    version: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[str]
    estimate: Mapped[bool]
    provenance: Mapped[str]
    reminding: Mapped[dict[str, Any]] = mapped_column(JSONB)
    screening: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'::jsonb")
    )
    loaded_at: Mapped[Moment]


class NormRow(Base):
    """One norm of a version: what a group is owed of a service; ``document`` is schemas.Norm."""

    __tablename__ = "family_doctor_norm"

    version: Mapped[str] = mapped_column(
        ForeignKey("family_doctor_norm_version.version"), primary_key=True
    )
    code: Mapped[str] = mapped_column(primary_key=True)
    group_code: Mapped[str] = mapped_column(ForeignKey("service_packs_group.code"))
    item_code: Mapped[str] = mapped_column(ForeignKey("service_packs_item.code"))
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)


class FormVersion(Base):
    """A form in one version (schemas.FormDefinition); never changed: records are read with it."""

    __tablename__ = "family_doctor_form"

    code: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)


class CareEvent(Base):
    """What happened to a person and starts a norm; the last one of a kind that was not taken back
    counts.
    """

    __tablename__ = "family_doctor_care_event"
    __table_args__ = (
        CheckConstraint(one_of("kind", EventKind), name="kind"),
        Index(
            "uq_family_doctor_care_event_live",
            "person_id",
            "kind",
            "happens_on",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    division_code: Mapped[str]
    kind: Mapped[str]
    happens_on: Mapped[date]
    recorded_at: Mapped[Moment]
    recorded_by: Mapped[str]
    withdrawn_at: Mapped[datetime | None]


class Planning(Base):
    """When a contract's norms were last planned, and by which version of them."""

    __tablename__ = "family_doctor_planning"

    contract_id: Mapped[UUID] = mapped_column(
        ForeignKey("family_doctor_contract.id"), primary_key=True
    )
    planned_on: Mapped[date]
    version: Mapped[str]
