"""Registered phones that staff changed, having seen the person and a document."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id
from residents.schemas.phones import PhonePaper, PhoneState

STATES = ", ".join(f"'{state}'" for state in PhoneState)
PAPERS = ", ".join(f"'{paper}'" for paper in PhonePaper)


class PhoneChange(Base):
    """A person's registered phone on its way to another (``asked`` until the code was read out).

    ``old_phone`` is the one before; with it the change waits until ``effective_at``, and whoever
    has the ``objection`` that went there stops it. The row stays as the history.
    """

    __tablename__ = "residents_phone_change"
    __table_args__ = (
        CheckConstraint(f"state IN ({STATES})", name="state"),
        CheckConstraint(f"paper IN ({PAPERS})", name="paper"),
        CheckConstraint("(objection IS NULL) = (objection_hash IS NULL)", name="objection"),
        CheckConstraint("state <> 'waiting' OR effective_at IS NOT NULL", name="waiting"),
        Index(
            "uq_residents_phone_change_waiting",
            "person_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_residents_phone_change_institution_id", "institution_id", "created_at"),
        Index("ix_residents_phone_change_person_id", "person_id"),
        Index(
            "ix_residents_phone_change_effective_at",
            "effective_at",
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    paper: Mapped[str]
    new_phone: Mapped[str] = mapped_column(Encrypted("residents_phone_change.new_phone"))
    old_phone: Mapped[str | None] = mapped_column(Encrypted("residents_phone_change.old_phone"))
    challenge_id: Mapped[UUID]
    state: Mapped[str]
    objection: Mapped[str | None] = mapped_column(Encrypted("residents_phone_change.objection"))
    objection_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    recorded_by_name: Mapped[str]
    created_at: Mapped[Created]
    effective_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
