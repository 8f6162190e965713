"""Messages to people, kept in the portal."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Created, Id


class Message(Base):
    """A message to a person: the catalogue's sentence and its values, translated when shown."""

    __tablename__ = "notifications_message"
    __table_args__ = (Index("ix_notifications_message_person_id", "person_id", "created_at"),)

    id: Mapped[Id]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("residents_person.id"))
    sentence: Mapped[str]
    values: Mapped[dict[str, str]] = mapped_column(JSONB)
    link: Mapped[str]
    created_at: Mapped[Created]
    read_at: Mapped[datetime | None]
