"""What the room's commands and views have in common. Amounts are integer fen, CNY."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Command(BaseModel):
    """A command; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class View(BaseModel):
    """A view."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
