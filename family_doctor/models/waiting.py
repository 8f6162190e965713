"""Packs bought beside a contract that ran out."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Id
from family_doctor.models.columns import one_of
from family_doctor.schemas.waiting import GIVEN_BACK, WaitingState


class WaitingPack(Base):
    """A paid pack without a team since ``contract_id`` ran out; an order waits once at a time.

    ``refund_basis`` is how the refund was reckoned when it was given back. Names are the pack's, as
    they were.
    """

    __tablename__ = "family_doctor_waiting_pack"
    __table_args__ = (
        CheckConstraint(one_of("state", WaitingState), name="state"),
        CheckConstraint("(state = 'waiting') = (closed_at IS NULL)", name="closed"),
        CheckConstraint(
            f"({one_of('state', GIVEN_BACK)}) = (refund_fen IS NOT NULL)"
            " AND (refund_fen IS NULL) = (refund_basis IS NULL)",
            name="refund",
        ),
        CheckConstraint("refund_fen >= 0", name="refund_fen"),
        Index(
            "uq_family_doctor_waiting_pack_order_id",
            "order_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_family_doctor_waiting_pack_contract_id", "contract_id"),
        Index("ix_family_doctor_waiting_pack_person_id", "person_id"),
        Index(
            "ix_family_doctor_waiting_pack_waits_until",
            "waits_until",
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[Id]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_contract.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("service_packs_order.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    pack_name: Mapped[str]
    pack_name_en: Mapped[str]
    state: Mapped[str] = mapped_column(default=WaitingState.WAITING)
    waits_until: Mapped[date]
    reminded_at: Mapped[datetime | None]
    kept_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    refund_fen: Mapped[int | None]
    refund_basis: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
