"""Contracts between a resident and a family-doctor team, their history and the team's places."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment, Version
from family_doctor.models.columns import one_of
from family_doctor.schemas import Channel, EndReason, Kind
from family_doctor.states import ENDED, HOLDING_A_PLACE, IN_FORCE, LIVE, State

# The conditions of the indexes that make two live contracts of a person impossible, and two that
# wait to succeed it.
LIVE_CONTRACT = f"{one_of('state', LIVE)} AND NOT succeeding"
SUCCESSOR = f"{one_of('state', LIVE)} AND succeeding"
WAITING_STATES = (State.APPLIED, State.PENDING_SIGNATURE)


class Contract(Base):
    """One signing, from application to end. Invariants, for whoever loads rows in bulk:

    a person has one live contract, and at most one beside it that is ``succeeding`` it (a renewal
    or change under way) and never in force meanwhile; whoever is in force has a term (both days
    included); whoever has ended says when and why; what waits for an answer or a signature waits
    until a moment; the three payers add up to the price; a place of the team (TeamLoad) is taken
    from acceptance until the end, and a successor with the same team (``kind``) uses its
    predecessor's. ``division_code`` is the person's township (9 digits) at signing. The
    agreement's digest is the SHA-256 of its text. Prices are a year's; ``refund_fen`` is of the
    person's part of all ``term_years`` and of packs bought beside, ``refund_basis`` says how it was
    reckoned (RefundView).
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
        CheckConstraint(
            f"({one_of('state', WAITING_STATES)}) = (waits_until IS NOT NULL)", name="waits"
        ),
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(
            "(previous_id IS NULL) = (kind = 'new') AND previous_id <> id", name="previous"
        ),
        CheckConstraint(
            f"NOT succeeding OR (previous_id IS NOT NULL AND NOT ({one_of('state', IN_FORCE)}))",
            name="succeeding",
        ),
        CheckConstraint("term_years BETWEEN 1 AND 5", name="years"),
        CheckConstraint(
            "(refund_fen IS NULL) = (refund_basis IS NULL) AND refund_fen >= 0",
            name="refund",
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
        Index(
            "uq_family_doctor_contract_successor",
            "person_id",
            unique=True,
            postgresql_where=text(SUCCESSOR),
        ),
        Index(
            "ix_family_doctor_contract_previous_id",
            "previous_id",
            postgresql_where=text("previous_id IS NOT NULL"),
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
    kind: Mapped[str] = mapped_column(default=Kind.NEW, server_default=Kind.NEW)
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_contract.id"))
    succeeding: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    term_years: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    waits_until: Mapped[datetime | None]
    free_until: Mapped[datetime | None]
    refund_fen: Mapped[int | None]
    refund_basis: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    # By which version of the wording the text was written, and the (name, times a year) in it.
    agreement_text_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("family_doctor_agreement_text.id")
    )
    agreement_items: Mapped[list[tuple[str, int]] | None] = mapped_column(JSONB(none_as_null=True))
    # Personalised packs that were chosen with it, and as they stand in its text.
    extra_codes: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default=text("'[]'"))
    agreement_extras: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
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
    """How many places of a team are taken: the count of its contracts that hold one, and of the
    residents whom it agreed to take over and who were asked (``Offer``).

    The counter is what two acceptances meet on, so that a team is never overfull.
    """

    __tablename__ = "family_doctor_team_load"
    __table_args__ = (CheckConstraint("taken >= 0", name="taken"),)

    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"), primary_key=True)
    taken: Mapped[int]
