"""People known by a paper other than the ID card: how they came to be, and who waits for staff."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id, Moment


class IdentityStep(Base):
    """What staff did about who somebody is: registered them, joined an account to them, or added
    the ID number that they were given. ``kind`` is the paper that was seen, ``former`` what the
    record said before, as JSON, where it was changed.
    """

    __tablename__ = "residents_identity_step"
    __table_args__ = (
        CheckConstraint("step IN ('registered', 'verified', 'numbered')", name="step"),
        CheckConstraint("(step = 'numbered') = (former IS NOT NULL)", name="former"),
        Index("ix_residents_identity_step_person_id", "person_id", "at"),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    step: Mapped[str]
    kind: Mapped[str]
    former: Mapped[str | None] = mapped_column(Encrypted("residents_identity_step.former"))
    by_account: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    by_name: Mapped[str]
    at: Mapped[Moment]


class PaperClaim(Base):
    """That an account's holder says to be somebody by a paper that staff of an institution have to
    see. The account is nobody until they did; one waits at a time.
    """

    __tablename__ = "residents_paper_claim"
    __table_args__ = (
        CheckConstraint("sex IN ('male', 'female')", name="sex"),
        CheckConstraint(
            "state IN ('waiting', 'confirmed', 'refused', 'withdrawn', 'lapsed')", name="state"
        ),
        CheckConstraint("(state = 'confirmed') = (person_id IS NOT NULL)", name="done"),
        CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name="settled"),
        Index(
            "uq_residents_paper_claim_waiting",
            "account_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_residents_paper_claim_account_id", "account_id", "created_at"),
        Index("ix_residents_paper_claim_institution_id", "institution_id", "created_at"),
        Index("ix_residents_paper_claim_person_id", "person_id"),
    )

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    kind: Mapped[str]
    issuer: Mapped[str]
    number: Mapped[str] = mapped_column(Encrypted("residents_paper_claim.number"))
    number_index: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(Encrypted("residents_paper_claim.name"))
    sex: Mapped[str]
    birth_date: Mapped[date]
    division_code: Mapped[str]
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    state: Mapped[str]
    # Why staff refused, in their words to the applicant.
    reason: Mapped[str | None] = mapped_column(Encrypted("residents_paper_claim.reason"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents_person.id"))
    checked_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    checked_by_name: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    created_at: Mapped[Created]
