"""Applications that wait for a team."""

from uuid import UUID

from sqlalchemy.orm import Session

from core.paging import Listing, Page
from core.searching import SearchQuery
from family_doctor.queries.assignments import found_by
from family_doctor.queries.team import CONTRACT, TEAM, entries
from family_doctor.schemas import PanelEntry
from family_doctor.states import State


def list_applications(session: Session, team_id: UUID, page: SearchQuery) -> Page[PanelEntry]:
    """Applications that wait for the team, oldest first. The caller has asked the policy."""
    listing = APPLICATIONS.where(found_by(page.search)) if page.search else APPLICATIONS
    rows, following = listing.read(session, page, team=team_id)
    return Page(items=[PanelEntry.model_validate(row) for row in rows], next_cursor=following)


APPLIED = [CONTRACT.c.applied_at, CONTRACT.c.id]
APPLICATIONS = Listing(
    entries(*APPLIED).where(CONTRACT.c.team_id == TEAM, CONTRACT.c.state == State.APPLIED),
    APPLIED,
)
