"""People, and the households they live in."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id


class Household(Base):
    """People who live together, at a village or community."""

    __tablename__ = "residents_household"

    id: Mapped[Id]
    division_code: Mapped[str]
    village_code: Mapped[str]
    village_name: Mapped[str]
    # Street, building, door: as people write it.
    house: Mapped[str | None] = mapped_column(Encrypted("residents_household.house"))


class Person(Base):
    """A resident. The ID number, phone and health-record number are encrypted; keyed digests find
    them. One that was found to be another's is kept as it was: its numbers find ``merged_into``.

    Whoever has no ID number (yet) is known by their papers (Identifier): then ``id_index`` is the
    record's own id, which no digest equals, and ``id_tail_index`` is of the paper that they were
    registered by.
    """

    __tablename__ = "residents_person"
    __table_args__ = (
        CheckConstraint("sex IN ('male', 'female')", name="sex"),
        Index("ix_residents_person_division_code", "division_code", "id"),
        Index("ix_residents_person_household_id", "household_id"),
        Index("ix_residents_person_id_tail_index", "id_tail_index"),
        Index("ix_residents_person_name", "name"),
        Index(
            "ix_residents_person_unnumbered",
            "id",
            postgresql_where=text("record_number IS NULL AND merged_into IS NULL"),
        ),
        Index(
            "ix_residents_person_merged_into",
            "merged_into",
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
        CheckConstraint("merged_into <> id", name="merged_into"),
        CheckConstraint("(record_number IS NULL) = (record_index IS NULL)", name="record"),
        CheckConstraint("(id_number IS NULL) = (id_index = uuid_send(id))", name="id_number"),
    )

    id: Mapped[Id]
    household_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents_household.id"))
    relation: Mapped[str]
    name: Mapped[str]
    sex: Mapped[str]
    birth_date: Mapped[date]
    id_number: Mapped[str | None] = mapped_column(Encrypted("residents_person.id_number"))
    id_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    id_tail_index: Mapped[bytes] = mapped_column(LargeBinary)
    phone: Mapped[str | None] = mapped_column(Encrypted("residents_person.phone"))
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    division_code: Mapped[str]
    # The 17-digit health-record number, kept for life wherever the person moves.
    record_number: Mapped[str | None] = mapped_column(Encrypted("residents_person.record_number"))
    record_index: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("residents_person.id"))
    verified_at: Mapped[datetime | None]
    example: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Created]
