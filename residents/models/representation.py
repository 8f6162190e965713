"""Who may act for whom."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Encrypted, Id, Moment


class Representation(Base):
    """That another acts for a person, within ``scopes``: by an adult's own consent, or for a child
    or ward by documents that staff saw.

    Whoever is named by name and ID number need not be known here: ``representative_id`` is empty
    until somebody of that number and name is, and the giver sees no difference. ``until`` is the
    last day, a child's no later than the day before they come of age; without it it lasts until it
    is ended. ``ended_by`` is person, representative, or term where ``until`` went by.
    """

    __tablename__ = "residents_representation"
    __table_args__ = (
        CheckConstraint("basis IN ('household', 'named', 'child', 'ward', 'adult')", name="basis"),
        CheckConstraint(
            "scopes <@ ARRAY['sign', 'book', 'pay', 'see_records', 'renew']"
            " AND cardinality(scopes) > 0",
            name="scopes",
        ),
        CheckConstraint("person_id <> representative_id", name="other"),
        CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)"
            " AND ended_by IN ('person', 'representative', 'term')",
            name="ended",
        ),
        CheckConstraint("basis <> 'child' OR until IS NOT NULL", name="child"),
        # The term cannot be part of it, as an index knows no today: what went by is ended before
        # another begins.
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
        # What a document once said of a child and an adult, also after its end.
        Index(
            "ix_residents_representation_child",
            "person_id",
            "representative_id",
            postgresql_where=text("basis = 'child'"),
        ),
        Index(
            "ix_residents_representation_until",
            "until",
            postgresql_where=text("ended_at IS NULL AND until IS NOT NULL"),
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
    until: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
