"""Disputes about contracts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment, Version
from family_doctor.models.columns import one_of
from family_doctor.schemas.disputes import TO_DECIDE, WAITING, DisputeState, Subject

DECIDED = (DisputeState.UPHELD, DisputeState.DISMISSED)


class Dispute(Base):
    """What a resident says is wrong with a contract, the team's answer and the decision.

    A contract has one that is not ended. Person, team, institution and division are copies of the
    contract's, so that lists need no join. Whoever decides sees ``decide_by`` from the answer on;
    ``decider`` is an institution's id or a division's code, its name as it was then.
    ``reminded_for`` is the deadline of which the deciders were reminded.
    """

    __tablename__ = "family_doctor_dispute"
    __table_args__ = (
        CheckConstraint(one_of("subject", Subject), name="subject"),
        CheckConstraint(one_of("state", DisputeState), name="state"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
        CheckConstraint(
            f"NOT ({one_of('state', TO_DECIDE)}) OR num_nulls(decide_by, decider) = 0",
            name="to_decide",
        ),
        CheckConstraint("state <> 'escalated' OR late_since IS NOT NULL", name="escalated"),
        CheckConstraint(
            f"({one_of('state', DECIDED)}) = (decided_at IS NOT NULL)"
            " AND num_nonnulls(decided_at, decided_by, decision) IN (0, 3)",
            name="decided",
        ),
        CheckConstraint("(state = 'upheld') = (refund_fen IS NOT NULL)", name="refund"),
        Index(
            "uq_family_doctor_dispute_contract_id",
            "contract_id",
            unique=True,
            postgresql_where=text(one_of("state", WAITING)),
        ),
        Index(
            "ix_family_doctor_dispute_decide_by",
            "decide_by",
            postgresql_where=text(one_of("state", TO_DECIDE)),
        ),
        Index("ix_family_doctor_dispute_contract_id", "contract_id"),
        Index("ix_family_doctor_dispute_person_id", "person_id", "opened_at"),
        Index("ix_family_doctor_dispute_team_id", "team_id", "state", "opened_at"),
        Index("ix_family_doctor_dispute_institution_id", "institution_id", "state", "opened_at"),
    )

    id: Mapped[Id]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_contract.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    division_code: Mapped[str]
    subject: Mapped[str]
    text: Mapped[str] = mapped_column(Encrypted("family_doctor_dispute.text"))
    state: Mapped[str] = mapped_column(default=DisputeState.OPEN)
    opened_at: Mapped[Moment]
    answer_by: Mapped[Moment]
    answer: Mapped[str | None] = mapped_column(Encrypted("family_doctor_dispute.answer"))
    answered_at: Mapped[datetime | None]
    decide_by: Mapped[datetime | None]
    decider: Mapped[str | None]
    decider_name: Mapped[str] = mapped_column(default="", server_default="")
    reminded_for: Mapped[datetime | None]
    late_since: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(Encrypted("family_doctor_dispute.decision"))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    refund_fen: Mapped[int | None]
    version: Mapped[Version]
