"""Views of the notifications room."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from core.messages import N_

# The value that says whom a message is about, where that is not its reader.
ABOUT = "about"
# How such a message begins.
ABOUT_SOMEBODY = N_("关于%(about)s：")


class MessageView(BaseModel):
    """A message; ``sentence`` is the catalogue's key and ``values`` fill its places."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    sentence: str
    values: dict[str, str]
    link: str
    created_at: datetime
    read_at: datetime | None


class SaidMessage(BaseModel):
    """A message as its reader sees it; ``link`` is a path of the portal, or empty."""

    id: UUID
    text: str
    link: str
    created_at: datetime
    read_at: datetime | None


class Unread(BaseModel):
    """How many messages wait."""

    count: int


class MarkRead(BaseModel):
    """The newest message that was seen."""

    model_config = ConfigDict(extra="forbid")

    message_id: UUID
