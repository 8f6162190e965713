"""Where people moved, and invitations into households."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Id, Moment
from residents.schemas.homes import MoveWay, Relation

WAYS = ", ".join(f"'{way}'" for way in MoveWay)
RELATIONS = ", ".join(f"'{relation}'" for relation in Relation)


class HomeMove(Base):
    """A person came to live at another place or in another household: what was before, and who says
    so (``declared`` by a resident, ``checked`` by staff who saw a document).
    """

    __tablename__ = "residents_home_move"
    __table_args__ = (
        CheckConstraint(f"way IN ({WAYS})", name="way"),
        CheckConstraint(f"relation IN ({RELATIONS})", name="relation"),
        Index("ix_residents_home_move_person_id", "person_id", "moved_at"),
    )

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    from_household: Mapped[UUID | None] = mapped_column(ForeignKey("residents_household.id"))
    to_household: Mapped[UUID] = mapped_column(ForeignKey("residents_household.id"))
    from_division: Mapped[str]
    to_division: Mapped[str]
    from_village: Mapped[str]
    to_village: Mapped[str]
    relation: Mapped[str]
    way: Mapped[str]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    recorded_by_name: Mapped[str]
    moved_at: Mapped[Moment]


class HouseholdCode(Base):
    """The head lets one adult into the household, by a code that is good for a day and once."""

    __tablename__ = "residents_household_code"
    __table_args__ = (
        CheckConstraint("(used_at IS NULL) = (used_by IS NULL)", name="used"),
        Index("ix_residents_household_code_household_id", "household_id"),
    )

    id: Mapped[Id]
    household_id: Mapped[UUID] = mapped_column(ForeignKey("residents_household.id"))
    made_by: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None]
    used_by: Mapped[UUID | None] = mapped_column(ForeignKey("residents_person.id"))
