"""Tables of people and households."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Encrypted, Id, Moment


class Household(Base):
    """People who live together, at a village or community."""

    __tablename__ = "residents_household"

    id: Mapped[Id]
    division_code: Mapped[str]
    village_code: Mapped[str]
    village_name: Mapped[str]


class Person(Base):
    """A resident. The ID number and phone are encrypted; keyed digests find them."""

    __tablename__ = "residents_person"
    __table_args__ = (
        CheckConstraint("sex IN ('male', 'female')", name="sex"),
        Index("ix_residents_person_division_code", "division_code", "id"),
        Index("ix_residents_person_household_id", "household_id"),
        Index("ix_residents_person_id_tail_index", "id_tail_index"),
        Index("ix_residents_person_name", "name"),
    )

    id: Mapped[Id]
    household_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents_household.id"))
    relation: Mapped[str]
    name: Mapped[str]
    sex: Mapped[str]
    birth_date: Mapped[date]
    id_number: Mapped[str] = mapped_column(Encrypted("residents_person.id_number"))
    id_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    id_tail_index: Mapped[bytes] = mapped_column(LargeBinary)
    phone: Mapped[str | None] = mapped_column(Encrypted("residents_person.phone"))
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary)
    division_code: Mapped[str]
    verified_at: Mapped[datetime | None]
    example: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Created]


class GroupMembership(Base):
    """A population group that a person belongs to (code list contract_group), and who says so."""

    __tablename__ = "residents_group_membership"
    __table_args__ = (Index("ix_residents_group_membership_group_code", "group_code"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"), primary_key=True)
    group_code: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    since: Mapped[date]


class Representation(Base):
    """An adult's consent that another person acts for them, within ``scopes``.

    Whoever is named by name and ID number need not be known here: ``representative_id`` is empty
    until somebody of that number and name is, and the giver sees no difference. ``basis`` is
    household or named; ``ended_by`` is person or representative.
    """

    __tablename__ = "residents_representation"
    __table_args__ = (
        CheckConstraint("basis IN ('household', 'named')", name="basis"),
        CheckConstraint("scopes <@ ARRAY['book'] AND cardinality(scopes) > 0", name="scopes"),
        CheckConstraint("person_id <> representative_id", name="other"),
        CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL) AND ended_by IN ('person', 'representative')",
            name="ended",
        ),
        Index(
            "uq_residents_representation_live",
            "person_id",
            "representative_index",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_residents_representation_representative_id",
            "representative_id",
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_residents_representation_representative_index",
            "representative_index",
            postgresql_where=text("ended_at IS NULL AND representative_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    representative_id: Mapped[UUID | None] = mapped_column(ForeignKey("residents_person.id"))
    # As the giver wrote it, with the blind index of the number.
    representative_name: Mapped[str] = mapped_column(
        Encrypted("residents_representation.representative_name")
    )
    representative_index: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    basis: Mapped[str]
    since: Mapped[Moment]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
