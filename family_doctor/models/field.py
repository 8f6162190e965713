"""Visits of a team to a village, the residents on their list, and what was signed there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment
from family_doctor.models.columns import one_of
from family_doctor.schemas.field import KEPT, Outcome
from family_doctor.schemas.signing import ProofMethod


class FieldVisit(Base):
    """A visit that one member carries out with one tablet, which is offline meanwhile.

    The team's leader signs its contracts by ``authorised_at``, with the signature kept then. The
    entries are a chain: each names the hash of the one before, the first one ``seed``; a visit
    whose chain did not fit has ``broken_at``. Signed until ``expires_at``, taken in until
    ``sync_until``. ``device`` is the SHA-256 of a word that only the tablet has.
    """

    __tablename__ = "family_doctor_field_visit"
    __table_args__ = (
        CheckConstraint("prepared_at < expires_at AND expires_at <= sync_until", name="validity"),
        CheckConstraint("term_years BETWEEN 1 AND 5", name="years"),
        CheckConstraint("entries >= 0", name="entries"),
        CheckConstraint(
            "octet_length(seed) = 32 AND octet_length(last_hash) = 32"
            " AND (device IS NULL OR octet_length(device) = 32)",
            name="digests",
        ),
        CheckConstraint(
            "num_nonnulls(authorised_at, authorised_by, signature_id, proof_method, proved_at)"
            " IN (0, 5)",
            name="authorised",
        ),
        CheckConstraint(
            "(device IS NULL) = (loaded_at IS NULL)"
            " AND (loaded_at IS NULL OR authorised_at IS NOT NULL)",
            name="loaded",
        ),
        CheckConstraint(
            f"proof_method IS NULL OR {one_of('proof_method', ProofMethod)}", name="proof_method"
        ),
        Index("ix_family_doctor_field_visit_team_id", "team_id", "prepared_at", "id"),
        Index("ix_family_doctor_field_visit_account_id", "account_id"),
    )

    id: Mapped[Id]
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    member_name: Mapped[str]
    village_code: Mapped[str]
    village_name: Mapped[str]
    pack_code: Mapped[str] = mapped_column(ForeignKey("service_packs_pack.code"))
    term_years: Mapped[int] = mapped_column(SmallInteger)
    prepared_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    sync_until: Mapped[Moment]
    authorised_at: Mapped[datetime | None]
    authorised_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    authorised_name: Mapped[str] = mapped_column(default="", server_default="")
    signature_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_own_signature.id"))
    proof_method: Mapped[str | None]
    proved_at: Mapped[datetime | None]
    device: Mapped[bytes | None] = mapped_column(LargeBinary)
    loaded_at: Mapped[datetime | None]
    seed: Mapped[bytes] = mapped_column(LargeBinary)
    last_hash: Mapped[bytes] = mapped_column(LargeBinary)
    entries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    broken_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class FieldResident(Base):
    """A resident on the list of a visit, and the wording that is theirs."""

    __tablename__ = "family_doctor_field_resident"
    __table_args__ = (UniqueConstraint("visit_id", "position"),)

    visit_id: Mapped[UUID] = mapped_column(
        ForeignKey("family_doctor_field_visit.id"), primary_key=True
    )
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    text_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_agreement_text.id"))


class FieldEntry(Base):
    """A signing as the tablet wrote it, and what became of it. Its id is the tablet's, and that of
    the contract where there is one; ``payload`` is what was hashed, letter by letter.
    """

    __tablename__ = "family_doctor_field_entry"
    __table_args__ = (
        CheckConstraint(one_of("outcome", KEPT), name="outcome"),
        CheckConstraint(
            f"(outcome = '{Outcome.SIGNED}') = (contract_id IS NOT NULL)"
            " AND (contract_id IS NULL OR contract_id = id)",
            name="contract",
        ),
        CheckConstraint("octet_length(hash) = 32", name="hash"),
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled"),
        UniqueConstraint("visit_id", "number"),
        UniqueConstraint("contract_id"),
        Index(
            "ix_family_doctor_field_entry_open",
            "team_id",
            "received_at",
            "id",
            postgresql_where=text(f"outcome <> '{Outcome.SIGNED}' AND settled_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_field_visit.id"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[str] = mapped_column(Encrypted("family_doctor_field_entry.payload"))
    name: Mapped[str] = mapped_column(Encrypted("family_doctor_field_entry.name"))
    signed_at: Mapped[datetime | None]
    received_at: Mapped[Moment]
    outcome: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents_person.id"))
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("family_doctor_contract.id"))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    settled_note: Mapped[str | None] = mapped_column(
        Encrypted("family_doctor_field_entry.settled_note")
    )
