"""Contracts between a resident and a family-doctor team, their history and the team's places."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment, Version
from family_doctor.models.columns import one_of
from family_doctor.schemas import Channel, EndReason
from family_doctor.states import ENDED, HOLDING_A_PLACE, IN_FORCE, LIVE, State

# The condition of the index that makes two live contracts of a person impossible.
LIVE_CONTRACT = one_of("state", LIVE)


class Contract(Base):
    """One signing, from application to end. Invariants, for whoever loads rows in bulk:

    a person has one live contract; whoever is in force has a term (both days included); whoever
    has ended says when and why; the three payers add up to the price; a place of the team
    (TeamLoad) is taken from acceptance until the end. ``division_code`` is the person's township
    (9 digits) at signing. The agreement's digest is the SHA-256 of its text.
    """

    __tablename__ = "family_doctor_contract"
    __table_args__ = (
        CheckConstraint(one_of("state", State), name="state"),
        CheckConstraint(one_of("channel", Channel), name="channel"),
        CheckConstraint(
            f"end_reason IS NULL OR {one_of('end_reason', EndReason)}", name="end_reason"
        ),
        CheckConstraint(
            f"({one_of('state', ENDED)}) = (ended_at IS NOT NULL)"
            " AND (ended_at IS NULL) = (end_reason IS NULL)",
            name="ended",
        ),
        CheckConstraint(
            f"NOT ({one_of('state', HOLDING_A_PLACE)}) OR accepted_at IS NOT NULL",
            name="accepted",
        ),
        CheckConstraint(
            f"NOT ({one_of('state', IN_FORCE)})"
            " OR (signed_at IS NOT NULL AND starts_on IS NOT NULL AND ends_on IS NOT NULL)",
            name="in_force",
        ),
        CheckConstraint("ends_on > starts_on", name="term"),
        CheckConstraint(
            "price_fen = public_health_fen + insurance_fen + person_fen"
            " AND public_health_fen >= 0 AND insurance_fen >= 0 AND person_fen >= 0",
            name="payers",
        ),
        CheckConstraint("(agreement_text IS NULL) = (agreement_digest IS NULL)", name="agreement"),
        Index(
            "uq_family_doctor_contract_live_person",
            "person_id",
            unique=True,
            postgresql_where=text(LIVE_CONTRACT),
        ),
        Index("ix_family_doctor_contract_person_id", "person_id", "applied_at"),
        Index("ix_family_doctor_contract_team_id", "team_id", "state", "applied_at", "id"),
        Index("ix_family_doctor_contract_ends_on", "ends_on"),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    division_code: Mapped[str] = mapped_column(ForeignKey("directory_division.code"))
    channel: Mapped[str]
    state: Mapped[str]
    pack_code: Mapped[str] = mapped_column(ForeignKey("service_packs_pack.code"))
    pack_name: Mapped[str]
    pack_name_en: Mapped[str]
    price_fen: Mapped[int]
    public_health_fen: Mapped[int]
    insurance_fen: Mapped[int]
    person_fen: Mapped[int]
    currency: Mapped[str] = mapped_column(default="CNY", server_default="CNY")
    applied_at: Mapped[Moment]
    accepted_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    end_note: Mapped[str | None] = mapped_column(Encrypted("family_doctor_contract.end_note"))
    agreement_text: Mapped[str | None] = mapped_column(
        Encrypted("family_doctor_contract.agreement_text")
    )
    agreement_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    # By which version of the wording the text was written, and the (name, times a year) in it.
    agreement_text_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("family_doctor_agreement_text.id")
    )
    agreement_items: Mapped[list[tuple[str, int]] | None] = mapped_column(JSONB(none_as_null=True))
    version: Mapped[Version]


class ContractTransition(Base):
    """The history of a contract: who moved it when from where to where. Append-only.

    Without an account the calendar did it; the first one comes from no state.
    """

    __tablename__ = "family_doctor_contract_transition"
    __table_args__ = (Index("ix_family_doctor_contract_transition_contract_id", "contract_id"),)

    id: Mapped[Id]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_contract.id"))
    at: Mapped[Moment]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    actor_name: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    reason: Mapped[str | None]


class TeamLoad(Base):
    """How many places of a team are taken: the count of its contracts that hold one.

    The counter is what two acceptances meet on, so that a team is never overfull.
    """

    __tablename__ = "family_doctor_team_load"
    __table_args__ = (CheckConstraint("taken >= 0", name="taken"),)

    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"), primary_key=True)
    taken: Mapped[int]
