"""Filters of the panel that staff keep."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Id


class SavedFilter(Base):
    """A filter that an account keeps for a team, under a name of its own there; ``filters`` is what
    schemas.PanelFilters ``asked``. All of the team see a ``shared`` one.
    """

    __tablename__ = "family_doctor_saved_filter"
    __table_args__ = (
        CheckConstraint("char_length(name) BETWEEN 1 AND 20", name="name"),
        UniqueConstraint("account_id", "team_id", "name"),
        Index(
            "ix_family_doctor_saved_filter_team_id",
            "team_id",
            postgresql_where=text("shared"),
        ),
    )

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("auth_account.id"))
    team_id: Mapped[UUID] = mapped_column(ForeignKey("directory_team.id"))
    name: Mapped[str]
    shared: Mapped[bool]
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[Created]
