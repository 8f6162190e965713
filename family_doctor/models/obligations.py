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

from core.database import Base, Id


class Obligation(Base):
    """One promised service: the ``sequence``-th of ``times`` of an item of an entitlement, given
    by the contract itself or by a pack that the resident ordered beside it.

    It may be served from ``opens_on``, is due on ``due_on`` (both included) and late after. It is
    done by one service record, or excused because the contract ended before it was due. Person,
    team and division are copies of the contract's, so that work lists need no join; the largest
    table of the room carries as few foreign keys as it can.
    """

    __tablename__ = "family_doctor_obligation"
    __table_args__ = (
        UniqueConstraint("entitlement_id", "item_code", "sequence"),
        Index("ix_family_doctor_obligation_contract_id", "contract_id"),
        UniqueConstraint("service_record_id"),
        CheckConstraint("sequence BETWEEN 1 AND times", name="sequence"),
        CheckConstraint("opens_on <= due_on", name="window"),
        CheckConstraint("(done_at IS NULL) = (service_record_id IS NULL)", name="done"),
        CheckConstraint("done_at IS NULL OR excused_at IS NULL", name="excused"),
        Index(
            "ix_family_doctor_obligation_open",
            "team_id",
            "due_on",
            "id",
            postgresql_where=text("done_at IS NULL AND excused_at IS NULL"),
        ),
        Index("ix_family_doctor_obligation_team_id_due_on", "team_id", "due_on"),
    )

    id: Mapped[Id]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_contract.id"))
    entitlement_id: Mapped[UUID] = mapped_column(ForeignKey("service_packs_entitlement.id"))
    person_id: Mapped[UUID]
    team_id: Mapped[UUID]
    division_code: Mapped[str]
    item_code: Mapped[str]
    item_name: Mapped[str]
    item_name_en: Mapped[str]
    sequence: Mapped[int] = mapped_column(SmallInteger)
    times: Mapped[int] = mapped_column(SmallInteger)
    opens_on: Mapped[date]
    due_on: Mapped[date]
    done_at: Mapped[datetime | None]
    service_record_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("service_packs_service_record.id")
    )
    excused_at: Mapped[datetime | None]
