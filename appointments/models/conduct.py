"""Tables of conduct: what each account did, the rules that count it, and reviews by staff."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from appointments.models.constraints import one_of
from appointments.schemas import CaseState, ConductCode
from core.database import Base, Created, Encrypted, Id, Moment, Version


class ConductRule(Base):
    """From which counts within a window an account is slowed, asked for a proof, reviewed; slowed
    is one attempt each ``pause_seconds``.
    """

    __tablename__ = "appointments_conduct_rule"
    __table_args__ = (
        one_of("code", ConductCode),
        CheckConstraint("2 <= slow_at AND slow_at <= confirm_at", name="slow"),
        CheckConstraint("confirm_at <= review_at", name="review"),
        CheckConstraint("window_seconds >= 1 AND pause_seconds >= 1", name="seconds"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    window_seconds: Mapped[int] = mapped_column(Integer)
    slow_at: Mapped[int] = mapped_column(SmallInteger)
    confirm_at: Mapped[int] = mapped_column(SmallInteger)
    review_at: Mapped[int] = mapped_column(SmallInteger)
    pause_seconds: Mapped[int] = mapped_column(SmallInteger, default=20)
    enabled: Mapped[bool] = mapped_column(default=True)
    version: Mapped[Version]


class Act(Base):
    """An attempt to book, refused ones too, or a cancellation; kept as long as the longest window.

    No foreign keys: rows are many, short-lived, and no reason to keep anybody. ``device`` is a
    keyed digest of the browser's own cookie.
    """

    __tablename__ = "appointments_conduct_act"
    __table_args__ = (
        Index("ix_appointments_conduct_act_account_id_at", "account_id", "at"),
        Index(
            "ix_appointments_conduct_act_device_at",
            "device",
            "at",
            postgresql_where=text("device IS NOT NULL"),
        ),
        Index("ix_appointments_conduct_act_at", "at", postgresql_using="brin"),
    )

    id: Mapped[Id]
    account_id: Mapped[UUID]
    person_id: Mapped[UUID]
    at: Mapped[Moment]
    cancel: Mapped[bool] = mapped_column(Boolean, default=False)
    device: Mapped[bytes | None]


class ConductCase(Base):
    """A review of an account by staff of the institution where it came to notice; its booking on
    the network rests while it is open, and if it is upheld until ``rests_until``.
    """

    __tablename__ = "appointments_conduct_case"
    __table_args__ = (
        one_of("state", CaseState),
        CheckConstraint(
            "(state = 'open') = (decided_at IS NULL) AND (state = 'upheld') = (rests_until IS NOT"
            " NULL) AND num_nonnulls(decided_at, decided_by) IN (0, 2)",
            name="decided",
        ),
        CheckConstraint("num_nonnulls(answer, answered_at) IN (0, 2)", name="answered"),
        Index(
            "uq_appointments_conduct_case_account_id",
            "account_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_appointments_conduct_case_account_id", "account_id", "created_at"),
        Index(
            "ix_appointments_conduct_case_institution_id",
            "institution_id",
            "state",
            "created_at",
        ),
    )

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    # Who is told: the account's own person.
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("directory_institution.id"))
    # As published then.
    institution_name: Mapped[str]
    division_code: Mapped[str]
    state: Mapped[str] = mapped_column(default=CaseState.OPEN)
    # Counts by rule: [{"code": …, "count": …, "limit": …}].
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    created_at: Mapped[Created]
    answer: Mapped[str | None] = mapped_column(Encrypted("appointments_conduct_case.answer"))
    answered_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    rests_until: Mapped[datetime | None]
