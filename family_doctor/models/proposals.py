"""Labels that records speak for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment
from family_doctor.models.columns import one_of
from family_doctor.schemas.proposals import ProposalState


class LabelProposal(Base):
    """That a person's records meet a rule of screening; a doctor decides. ``records`` are the
    service records behind it with their days (schemas.SourceRecord), no values; ``said`` the rule's
    words, as they were.
    """

    __tablename__ = "family_doctor_label_proposal"
    __table_args__ = (
        CheckConstraint(one_of("state", ProposalState), name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(state = 'declined') = (reason IS NOT NULL)", name="reason"),
        Index(
            "uq_family_doctor_label_proposal_person_id",
            "person_id",
            "group_code",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    group_code: Mapped[str] = mapped_column(ForeignKey("service_packs_group.code"))
    said: Mapped[str]
    said_en: Mapped[str]
    records: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(default=ProposalState.OPEN)
    made_at: Mapped[Moment]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    decided_by_name: Mapped[str | None]
    reason: Mapped[str | None] = mapped_column(Encrypted("family_doctor_label_proposal.reason"))
