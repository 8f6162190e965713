"""Who may act for whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment


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
