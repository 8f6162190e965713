"""The population groups that people belong to: their health labels."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id


class GroupMembership(Base):
    """A population group that a person belongs to now (code list contract_group), and who says so:
    ``source`` is age, records, staff, or example of made-up people. ``note`` is the evidence.
    """

    __tablename__ = "residents_group_membership"
    __table_args__ = (Index("ix_residents_group_membership_group_code", "group_code"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"), primary_key=True)
    group_code: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    since: Mapped[date]
    note: Mapped[str | None] = mapped_column(Encrypted("residents_group_membership.note"))
    set_by_name: Mapped[str | None] = mapped_column(Text)


class FormerMembership(Base):
    """A membership that is over, kept as it was, and who ended it and why."""

    __tablename__ = "residents_former_membership"
    __table_args__ = (
        CheckConstraint("ended_on >= since", name="order"),
        CheckConstraint("ended_source IN ('age', 'records', 'staff')", name="ended_source"),
        Index("ix_residents_former_membership_person_id", "person_id", "ended_on"),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    group_code: Mapped[str]
    source: Mapped[str]
    since: Mapped[date]
    # Ciphertext as in GroupMembership: the context is that column's.
    note: Mapped[str | None] = mapped_column(Encrypted("residents_group_membership.note"))
    set_by_name: Mapped[str | None]
    ended_on: Mapped[date]
    ended_source: Mapped[str]
    ended_note: Mapped[str | None] = mapped_column(
        Encrypted("residents_former_membership.ended_note")
    )
    ended_by_name: Mapped[str | None]
    created_at: Mapped[Created]
