"""Adults who no longer act for a child by living with it."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment


class HouseholdBar(Base):
    """That an adult no longer acts for a child of their household without a document, by whom and
    why. It stays; a binding by document is how they may act again.
    """

    __tablename__ = "residents_household_bar"
    __table_args__ = (
        UniqueConstraint("person_id", "adult_id"),
        CheckConstraint("person_id <> adult_id", name="other"),
        CheckConstraint("side IN ('parent', 'self', 'staff')", name="side"),
        CheckConstraint(
            "paper IN ('court', 'divorce', 'guardianship', 'household_book', 'other')",
            name="paper",
        ),
        CheckConstraint(
            "side <> 'staff' OR num_nulls(reason, paper, paper_number) = 0", name="staff"
        ),
    )

    id: Mapped[Id]
    # The child.
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    adult_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"), index=True)
    side: Mapped[str]
    reason: Mapped[str | None] = mapped_column(Encrypted("residents_household_bar.reason"))
    paper: Mapped[str | None]
    paper_number: Mapped[str | None] = mapped_column(
        Encrypted("residents_household_bar.paper_number")
    )
    ended_at: Mapped[Moment]
    ended_by: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    ended_by_name: Mapped[str]
