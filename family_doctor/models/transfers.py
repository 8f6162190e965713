"""Residents whom a team's leader proposes to transfer to another team, and invitations to renew."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment
from family_doctor.models.columns import one_of
from family_doctor.schemas import OfferState, ProofMethod, TransferState
from family_doctor.schemas.transfers import ANSWERED, OPEN_OFFERS, WITH_SUCCESSOR


class Transfer(Base):
    """A proposal of one team to another to take over some of its residents.

    ``residents`` is how many there were; ``village_name`` says that they were a whole village.
    ``waits_until`` is the receiving team's time to answer, then the residents' to decide, and
    nothing once nobody is waited for. Who accepted signs the agreements of those who consent, with
    the signature kept then. Names are copies, as they were.
    """

    __tablename__ = "family_doctor_transfer"
    __table_args__ = (
        CheckConstraint(one_of("state", TransferState), name="state"),
        CheckConstraint("from_team_id <> to_team_id", name="teams"),
        CheckConstraint("residents > 0", name="residents"),
        CheckConstraint("state <> 'proposed' OR waits_until IS NOT NULL", name="waits"),
        CheckConstraint("state <> 'declined' OR reason IS NOT NULL", name="reason"),
        CheckConstraint(
            f"NOT ({one_of('state', ANSWERED)}) OR num_nonnulls(accepted_at, account_id,"
            " signature_id, proof_method, proved_at) = 5",
            name="accepted",
        ),
        CheckConstraint(
            f"proof_method IS NULL OR {one_of('proof_method', ProofMethod)}", name="proof_method"
        ),
        Index("ix_family_doctor_transfer_from_team_id", "from_team_id", "id"),
        Index("ix_family_doctor_transfer_to_team_id", "to_team_id", "id"),
        Index(
            "ix_family_doctor_transfer_waits_until",
            "waits_until",
            postgresql_where=text("state IN ('accepted', 'proposed')"),
        ),
    )

    id: Mapped[Id]
    from_team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    to_team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    state: Mapped[str]
    residents: Mapped[int]
    village_name: Mapped[str | None]
    note: Mapped[str] = mapped_column(Encrypted("family_doctor_transfer.note"))
    proposed_at: Mapped[Moment]
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    by_name: Mapped[str]
    waits_until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Encrypted("family_doctor_transfer.reason"))
    answered_by: Mapped[str | None]
    accepted_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    signature_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_own_signature.id"))
    proof_method: Mapped[str | None]
    proved_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Offer(Base):
    """What a transfer means for one resident, by their contract; at most one at a time.

    While it is ``asked`` it holds one of the receiving team's places, which with the resident's
    consent becomes that of the contract ``successor_id``. ``told_at`` is when the resident was
    asked, ``closed_told_at`` when they were told that nothing comes of it.
    """

    __tablename__ = "family_doctor_transfer_offer"
    __table_args__ = (
        CheckConstraint(one_of("state", OfferState), name="state"),
        CheckConstraint(
            f"NOT ({one_of('state', WITH_SUCCESSOR)}) OR successor_id IS NOT NULL",
            name="successor",
        ),
        CheckConstraint(f"({one_of('state', OPEN_OFFERS)}) = (closed_at IS NULL)", name="closed"),
        Index(
            "uq_family_doctor_transfer_offer_open",
            "contract_id",
            unique=True,
            postgresql_where=text(one_of("state", OPEN_OFFERS)),
        ),
        Index("ix_family_doctor_transfer_offer_contract_id", "contract_id", "id"),
        Index("ix_family_doctor_transfer_offer_transfer_id", "transfer_id", "state", "id"),
        Index(
            "ix_family_doctor_transfer_offer_successor_id",
            "successor_id",
            unique=True,
            postgresql_where=text("successor_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    transfer_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_transfer.id"))
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_contract.id"))
    state: Mapped[str]
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_contract.id"))
    told_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    # Whoever decided: the resident, or one who signs for them.
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    closed_at: Mapped[datetime | None]
    closed_told_at: Mapped[datetime | None]


class RenewalInvitation(Base):
    """A member of the team invited the resident of a contract to renew it; with ``invitation_id``
    by SMS too, which brings an expired contract's resident back to the team.
    """

    __tablename__ = "family_doctor_renewal_invitation"
    __table_args__ = (
        Index("ix_family_doctor_renewal_invitation_contract_id", "contract_id", "sent_at"),
    )

    id: Mapped[Id]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_contract.id"))
    invitation_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_invitation.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    by_name: Mapped[str]
    sent_at: Mapped[Moment]
