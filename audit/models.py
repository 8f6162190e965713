"""Tables of the log: its leaves, its signed heads, their keys; and residents' questions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from audit.schemas import QuestionState
from core.database import Base, Created, Encrypted, Id, Moment

STATE_LIST = ", ".join(f"'{state}'" for state in QuestionState)


class Leaf(Base):
    """An event's place in the log. ``at`` is the event's, to find it in its month."""

    __tablename__ = "audit_leaf"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    at: Mapped[Moment]
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Key(Base):
    """A key that heads are signed with; ``public_key`` is PEM. A retired one cannot sign again."""

    __tablename__ = "audit_key"
    __table_args__ = (
        CheckConstraint(
            "(private_key IS NULL) = (retired_at IS NOT NULL)",
            name="no_private_key_once_retired",
        ),
    )

    kid: Mapped[str] = mapped_column(primary_key=True)
    private_key: Mapped[str | None] = mapped_column(Encrypted("audit_key.private_key"))
    public_key: Mapped[str]
    created_at: Mapped[Created]
    retired_at: Mapped[datetime | None]


class Head(Base):
    """The log as it stood at a moment, signed: the root over its first ``size`` leaves.

    ``previous`` is the digest of the head before. ``frontier`` is the tree's right edge, from which
    the next head grows; it is not signed, as the root follows from it.
    """

    __tablename__ = "audit_head"
    __table_args__ = (Index("ix_audit_head_size", "size"), Index("ix_audit_head_at", "at"))

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[Moment]
    previous: Mapped[bytes | None] = mapped_column(LargeBinary)
    kid: Mapped[str] = mapped_column(ForeignKey("audit_key.kid"))
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class Copied(Base):
    """The last head that came to the second place, said beside the heads: what is lost there later
    is missed, not copied anew. One row.
    """

    __tablename__ = "audit_copied"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)


class Question(Base):
    """A resident asks why somebody looked at their data; an auditor answers, once."""

    __tablename__ = "audit_question"
    __table_args__ = (
        CheckConstraint(f"state IN ({STATE_LIST})", name="state"),
        CheckConstraint("(state = 'open') = (answer IS NULL)", name="answer"),
        UniqueConstraint("event_id", "person_id"),
        Index("ix_audit_question_person_id", "person_id", "created_at"),
        Index("ix_audit_question_state", "state", "created_at"),
    )

    id: Mapped[Id]
    event_id: Mapped[UUID]
    event_at: Mapped[Moment]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    division_code: Mapped[str]
    reason: Mapped[str] = mapped_column(Encrypted("audit_question.reason"))
    state: Mapped[str]
    answer: Mapped[str | None] = mapped_column(Encrypted("audit_question.answer"))
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    answered_at: Mapped[datetime | None]
    created_at: Mapped[Created]
