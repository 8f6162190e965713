"""Agreement texts, the two signatures under a contract, and the sealed file made of them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, EncryptedFile, Id, Moment
from family_doctor.models.columns import one_of
from family_doctor.schemas.signing import ProofMethod, Side

# One way of the two: drawn, or the name typed.
DRAWN_OR_TYPED = "(strokes IS NULL) <> (typed_name IS NULL)"


class AgreementText(Base):
    """A version of the agreement's wording, of everybody or (``group_code``) of one population
    group. A draft until it is published; from then on the database refuses every change of it.
    ``published_by`` is None for the wording that the portal brought along.
    """

    __tablename__ = "family_doctor_agreement_text"
    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        Index(
            "uq_family_doctor_agreement_text_group_code_version",
            "group_code",
            "version",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    group_code: Mapped[str | None] = mapped_column(ForeignKey("service_packs_group.code"))
    version: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str]
    body: Mapped[str]
    valid_from: Mapped[date]
    created_at: Mapped[Created]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    published_at: Mapped[datetime | None]
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    published_by_name: Mapped[str] = mapped_column(default="", server_default="")


class OwnSignature(Base):
    """The signature that a member of staff signs agreements with. Replaced, never changed: the old
    ones stay with the time at which they were replaced.
    """

    __tablename__ = "family_doctor_own_signature"
    __table_args__ = (
        CheckConstraint(DRAWN_OR_TYPED, name="drawn_or_typed"),
        Index(
            "uq_family_doctor_own_signature_current",
            "account_id",
            unique=True,
            postgresql_where=text("replaced_at IS NULL"),
        ),
        Index("ix_family_doctor_own_signature_account_id", "account_id", "created_at"),
    )

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    strokes: Mapped[str | None] = mapped_column(Encrypted("family_doctor_own_signature.strokes"))
    typed_name: Mapped[str | None] = mapped_column(
        Encrypted("family_doctor_own_signature.typed_name")
    )
    created_at: Mapped[Created]
    replaced_at: Mapped[datetime | None]


class Signature(Base):
    """One side's signature under the text with this digest, and how the signer was proved.

    A contract has one of each side at most. ``person_id`` is the signer where it is a resident;
    the demo's made-up ones have no account. ``witness_name`` is the member of staff before whose
    eyes it was given, whose account it then has.
    """

    __tablename__ = "family_doctor_signature"
    __table_args__ = (
        CheckConstraint(one_of("side", Side), name="side"),
        CheckConstraint(one_of("method", ProofMethod), name="method"),
        CheckConstraint(DRAWN_OR_TYPED, name="drawn_or_typed"),
        CheckConstraint("octet_length(text_digest) = 32", name="digest"),
        CheckConstraint("proved_at <= signed_at", name="proved_before"),
        Index("uq_family_doctor_signature_contract_id_side", "contract_id", "side", unique=True),
    )

    id: Mapped[Id]
    contract_id: Mapped[UUID] = mapped_column(ForeignKey("family_doctor_contract.id"))
    side: Mapped[str]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents_person.id"))
    name: Mapped[str] = mapped_column(Encrypted("family_doctor_signature.name"))
    strokes: Mapped[str | None] = mapped_column(Encrypted("family_doctor_signature.strokes"))
    typed_name: Mapped[str | None] = mapped_column(Encrypted("family_doctor_signature.typed_name"))
    method: Mapped[str]
    proved_at: Mapped[Moment]
    signed_at: Mapped[Moment]
    text_digest: Mapped[bytes] = mapped_column(LargeBinary)
    witness_name: Mapped[str] = mapped_column(default="", server_default="")


class SealedAgreement(Base):
    """The sealed PDF of a contract: one for good. ``sha256`` is of the file itself,
    ``certificate`` of the certificate that sealed it (DER); ``timestamped`` says whether an
    authority vouches for the time.
    """

    __tablename__ = "family_doctor_sealed_agreement"
    __table_args__ = (
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        CheckConstraint("octet_length(certificate) = 32", name="certificate"),
        Index("uq_family_doctor_sealed_agreement_sha256", "sha256", unique=True),
    )

    contract_id: Mapped[UUID] = mapped_column(
        ForeignKey("family_doctor_contract.id"), primary_key=True
    )
    file: Mapped[bytes] = mapped_column(EncryptedFile("family_doctor_sealed_agreement.file"))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    timestamped: Mapped[bool]
    sealed_at: Mapped[Moment]
