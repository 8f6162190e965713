"""What is owed under a contract, by dates."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id
from family_doctor.models.columns import one_of
from family_doctor.schemas.obligations import ExcuseReason, Origin


class Obligation(Base):
    """One owed service: the ``sequence``-th of ``times`` of an item of an entitlement (given by the
    contract itself or by a pack that the resident ordered beside it), of a norm of one of the
    person's groups, or a step of a plan that the team made. ``slot`` says which of a norm or plan.

    It may be served from ``opens_on``, the resident is reminded from ``remind_from``, it is due on
    ``due_on`` and late after ``late_after`` (all included). It is done by one service record (a
    step of a plan also by the word of ``done_by``), or excused, without a reason because the
    contract ended before it was due. Person, team and division are copies of the contract's, so
    that work lists need no join; the largest table of the room carries as few foreign keys as it
    can.
    """

    __tablename__ = "family_doctor_obligation"
    __table_args__ = (
        Index(
            "uq_family_doctor_obligation_pack",
            "entitlement_id",
            "item_code",
            "sequence",
            unique=True,
            postgresql_where=text("kind = 'pack'"),
        ),
        Index(
            "uq_family_doctor_obligation_slot",
            "contract_id",
            "item_code",
            "slot",
            unique=True,
            postgresql_where=text("kind <> 'pack'"),
        ),
        Index(
            "ix_family_doctor_obligation_plan_id",
            "plan_id",
            postgresql_where=text("plan_id IS NOT NULL"),
        ),
        Index("ix_family_doctor_obligation_contract_id", "contract_id"),
        Index(
            "ix_family_doctor_obligation_by_word",
            "team_id",
            "done_at",
            postgresql_where=text("done_by IS NOT NULL"),
        ),
        UniqueConstraint("service_record_id"),
        CheckConstraint("sequence BETWEEN 1 AND times", name="sequence"),
        CheckConstraint(
            "opens_on <= remind_from AND remind_from <= due_on AND due_on <= late_after",
            name="window",
        ),
        CheckConstraint(
            "(done_at IS NULL) = (service_record_id IS NULL AND done_by IS NULL)"
            " AND (done_by IS NULL OR kind = 'plan')",
            name="done",
        ),
        CheckConstraint("done_at IS NULL OR excused_at IS NULL", name="excused"),
        CheckConstraint("excused_at IS NOT NULL OR excuse_reason IS NULL", name="excuse"),
        CheckConstraint(one_of("kind", Origin), name="kind"),
        CheckConstraint(
            f"excuse_reason IS NULL OR {one_of('excuse_reason', ExcuseReason)}",
            name="excuse_reason",
        ),
        CheckConstraint(
            "(kind = 'pack') = (slot = '') AND (kind <> 'pack' OR entitlement_id IS NOT NULL)"
            " AND (kind = 'plan') = (plan_id IS NOT NULL)",
            name="source",
        ),
        Index(
            "ix_family_doctor_obligation_open",
            "team_id",
            "due_on",
            "id",
            postgresql_where=text("done_at IS NULL AND excused_at IS NULL"),
            postgresql_include=["contract_id", "late_after"],
        ),
        Index(
            "ix_family_doctor_obligation_remind_from",
            "remind_from",
            postgresql_where=text("done_at IS NULL AND excused_at IS NULL AND reminded_at IS NULL"),
        ),
        Index("ix_family_doctor_obligation_team_id_due_on", "team_id", "due_on"),
    )

    id: Mapped[Id]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_contract.id"))
    entitlement_id: Mapped[UUID | None] = mapped_column(ForeignKey("service_packs_entitlement.id"))
    person_id: Mapped[UUID]
    team_id: Mapped[UUID]
    division_code: Mapped[str]
    kind: Mapped[str] = mapped_column(default=Origin.PACK, server_default=Origin.PACK)
    slot: Mapped[str] = mapped_column(default="", server_default="")
    norm_code: Mapped[str | None]
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_plan.id"))
    item_code: Mapped[str]
    item_name: Mapped[str]
    item_name_en: Mapped[str]
    sequence: Mapped[int] = mapped_column(SmallInteger)
    times: Mapped[int] = mapped_column(SmallInteger)
    opens_on: Mapped[date]
    remind_from: Mapped[date]
    due_on: Mapped[date]
    late_after: Mapped[date]
    reminded_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    service_record_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("service_packs_service_record.id")
    )
    done_by: Mapped[str | None]
    excused_at: Mapped[datetime | None]
    excused_by: Mapped[str | None]
    excused_until: Mapped[date | None]
    excuse_reason: Mapped[str | None]
    excuse_note: Mapped[str | None] = mapped_column(
        Encrypted("family_doctor_obligation.excuse_note")
    )
