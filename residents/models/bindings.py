"""Requests to act for somebody, and what proves that one may."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id


class Binding(Base):
    """A request to act for a child or ward (``way`` document: staff check it), or for an adult who
    consents by a code to their phone (code) or before staff (desk).

    The person is as the applicant named them; whether they are known here shows only once it is
    confirmed. The evidence is its kind and number, who checked and when; never a picture.
    """

    __tablename__ = "residents_binding"
    __table_args__ = (
        CheckConstraint("way IN ('document', 'code', 'desk')", name="way"),
        CheckConstraint("basis IN ('child', 'ward', 'adult')", name="basis"),
        CheckConstraint("(basis = 'adult') = (way IN ('code', 'desk'))", name="basis_way"),
        CheckConstraint(
            "evidence IN ('birth_certificate', 'household_book', 'guardianship', 'code',"
            " 'id_cards', 'social_cards')",
            name="evidence",
        ),
        CheckConstraint(
            "state IN ('waiting', 'confirmed', 'refused', 'withdrawn', 'lapsed')", name="state"
        ),
        CheckConstraint("(state = 'confirmed') = (representation_id IS NOT NULL)", name="done"),
        CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name="reason"),
        CheckConstraint("(way = 'code') = (challenge_id IS NOT NULL)", name="code"),
        CheckConstraint(
            "(way = 'document') = (evidence_number IS NOT NULL)", name="evidence_number"
        ),
        CheckConstraint("(way = 'code') = (institution_id IS NULL)", name="institution"),
        Index(
            "ix_residents_binding_waiting",
            "institution_id",
            "created_at",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_residents_binding_representative_id", "representative_id", "created_at"),
        Index("ix_residents_binding_representation_id", "representation_id"),
    )

    id: Mapped[Id]
    way: Mapped[str]
    basis: Mapped[str]
    evidence: Mapped[str]
    evidence_number: Mapped[str | None] = mapped_column(
        Encrypted("residents_binding.evidence_number")
    )
    representative_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    # The person as named; a child without an ID number by sex and birth date.
    name: Mapped[str] = mapped_column(Encrypted("residents_binding.name"))
    id_number: Mapped[str | None] = mapped_column(Encrypted("residents_binding.id_number"))
    id_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    sex: Mapped[str]
    birth_date: Mapped[date]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    until: Mapped[date | None]
    institution_id: Mapped[UUID | None] = mapped_column(ForeignKey("directory_institution.id"))
    challenge_id: Mapped[UUID | None]
    state: Mapped[str]
    # Why staff refused, in their words to the applicant.
    reason: Mapped[str | None] = mapped_column(Encrypted("residents_binding.reason"))
    checked_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    checked_by_name: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    representation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("residents_representation.id")
    )
    created_at: Mapped[Created]
