"""Pairs of records that may be of one person, and the merging of two into one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from core.database import Base, Created, Encrypted, Id, Moment
from residents.schemas.duplicates import PairState

STATES = ", ".join(f"'{state}'" for state in PairState)


class Duplicate(Base):
    """A proposal that two records are of one person; a pair is proposed once, whatever became of
    it. ``score`` is the probability that it is so, ``reasons`` what agrees (schemas.Reason). The
    divisions are copies of the records', so that a list needs no join.
    """

    __tablename__ = "residents_duplicate"
    __table_args__ = (
        CheckConstraint("first_id < second_id", name="order"),
        CheckConstraint("score BETWEEN 0 AND 1", name="score"),
        CheckConstraint(f"state IN ({STATES})", name="state"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        Index("uq_residents_duplicate_pair", "first_id", "second_id", unique=True),
        Index("ix_residents_duplicate_second_id", "second_id"),
        Index("ix_residents_duplicate_state", "state", "score", "id"),
    )

    id: Mapped[Id]
    first_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    second_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    first_division: Mapped[str]
    second_division: Mapped[str]
    score: Mapped[float] = mapped_column(Float)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    state: Mapped[str]
    found_at: Mapped[Created]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    decided_by_name: Mapped[str | None]
    note: Mapped[str | None] = mapped_column(Encrypted("residents_duplicate.note"))


class Merge(Base):
    """That a record became part of another, with all that is needed to undo it.

    ``snapshot`` is schemas.Snapshot: what both records said before and what the kept one said
    after. ``moved`` and ``had`` are the keys of the rows that were the former's and the kept one's
    own, by table and column.
    """

    __tablename__ = "residents_merge"
    __table_args__ = (
        CheckConstraint("kept_id <> former_id", name="two"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undone"),
        Index(
            "uq_residents_merge_former_id",
            "former_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_residents_merge_duplicate_id", "duplicate_id"),
        Index("ix_residents_merge_kept_id", "kept_id"),
    )

    id: Mapped[Id]
    duplicate_id: Mapped[UUID] = mapped_column(ForeignKey("residents_duplicate.id"))
    kept_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    former_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    snapshot: Mapped[str] = mapped_column(Encrypted("residents_merge.snapshot"))
    moved: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    had: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    account_moved: Mapped[bool]
    merged_at: Mapped[Moment]
    merged_by: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    merged_by_name: Mapped[str]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    undone_by_name: Mapped[str | None]
