"""Accounts whose phone was lost, on their way to another."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from auth.recovery import OPEN, State
from core.database import Base, Created, Encrypted, Id

STATE_LIST = ", ".join(f"'{state}'" for state in State)
OPEN_LIST = ", ".join(f"'{state}'" for state in sorted(OPEN))


class FactorReset(Base):
    """The second factors of an account of staff, on their way to be forgotten: two security
    administrators stand for it, and it waits as a recovery does.
    """

    __tablename__ = "auth_factor_reset"
    __table_args__ = (
        CheckConstraint("confirmed_by <> begun_by", name="two_persons"),
        CheckConstraint("account_id NOT IN (begun_by, confirmed_by)", name="not_oneself"),
        Index(
            "uq_auth_factor_reset_open",
            "account_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    begun_by: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    begun_by_name: Mapped[str]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    confirmed_by_name: Mapped[str | None]
    created_at: Mapped[Created]
    effective_at: Mapped[datetime | None]
    # Done, called off or lapsed.
    ended_at: Mapped[datetime | None]


class RecoveryCase(Base):
    """A recovery at an institution (``unit``); two different accounts of staff stand for it, which
    are two persons where it is known whose they are (``Account.person_id`` is unique).
    """

    __tablename__ = "auth_recovery_case"
    __table_args__ = (
        CheckConstraint(f"state IN ({STATE_LIST})", name="state"),
        CheckConstraint("confirmed_by <> begun_by", name="two_persons"),
        CheckConstraint("reviewed_by NOT IN (begun_by, confirmed_by)", name="third_person"),
        Index(
            "uq_auth_recovery_case_open",
            "account_id",
            unique=True,
            postgresql_where=text(f"state IN ({OPEN_LIST})"),
        ),
        Index("ix_auth_recovery_case_unit", "unit", "created_at"),
    )

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    unit: Mapped[str]
    unit_name: Mapped[str]
    new_phone: Mapped[str] = mapped_column(Encrypted("auth_recovery_case.new_phone"))
    state: Mapped[str]
    begun_by: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    begun_by_name: Mapped[str]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    confirmed_by_name: Mapped[str | None]
    # Who weighed the objection, as a third.
    reviewed_by: Mapped[UUID | None] = mapped_column(ForeignKey("auth_account.id"))
    reviewed_by_name: Mapped[str | None]
    contested_at: Mapped[datetime | None]
    objection_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Created]
    effective_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
