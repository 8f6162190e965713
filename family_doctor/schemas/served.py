"""The served index: what was kept of what was due, and confirmed by the residents."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from family_doctor.schemas.base import View


class ServedIndex(View):
    """Counts of what fell due in a period, done early included; excused ones count nowhere. What
    is ``kept`` was done by its last day; what was done later is ``late``.
    """

    due: int = 0
    kept: int = 0
    late: int = 0
    confirmed: int = 0

    @property
    def index(self) -> float | None:
        """Kept over due; None where nothing was due."""
        return self.kept / self.due if self.due else None

    @property
    def confirmed_share(self) -> float | None:
        """Confirmed by the residents over kept; None where nothing was kept."""
        return self.confirmed / self.kept if self.kept else None


class TeamIndex(ServedIndex):
    """A team's index."""

    team_id: UUID
    team_name: str = ""


class ServedTeams(View):
    """The teams of an institution."""

    items: tuple[TeamIndex, ...]


class ServedSearch(BaseModel):
    """A period, both days included; this year so far unless given."""

    start: date | None = None
    end: date | None = None
    team_id: UUID | None = None
    institution_id: UUID | None = None
