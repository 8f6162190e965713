"""Applications that wait for a team."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.paging import Listing, Page
from core.searching import SearchQuery
from family_doctor.queries.assignments import CARE, carer_columns, current_care, found_by
from family_doctor.queries.team import CONTRACT, HOUSEHOLD, PERSON, TEAM, VILLAGE
from family_doctor.schemas import PanelEntry
from family_doctor.states import State


def list_applications(session: Session, team_id: UUID, page: SearchQuery) -> Page[PanelEntry]:
    """Applications that wait for the team, oldest first. The caller has asked the policy."""
    listing = APPLICATIONS.where(found_by(page.search)) if page.search else APPLICATIONS
    rows, following = listing.read(session, page, team=team_id)
    return Page(items=[PanelEntry.model_validate(row) for row in rows], next_cursor=following)


def _entries(*order: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            CONTRACT.c.id.label("contract_id"),
            CONTRACT.c.person_id,
            PERSON.c.name,
            PERSON.c.sex,
            PERSON.c.birth_date,
            VILLAGE,
            CONTRACT.c.state,
            CONTRACT.c.channel,
            CONTRACT.c.applied_at,
            CONTRACT.c.ends_on,
            CONTRACT.c.kind,
            *carer_columns(),
            *order,
        )
        .join_from(CONTRACT, PERSON, PERSON.c.id == CONTRACT.c.person_id)
        .outerjoin(HOUSEHOLD, HOUSEHOLD.c.id == PERSON.c.household_id)
        .outerjoin(CARE, current_care(CONTRACT.c.id))
    )


APPLIED = [CONTRACT.c.applied_at, CONTRACT.c.id]
APPLICATIONS = Listing(
    _entries(*APPLIED).where(CONTRACT.c.team_id == TEAM, CONTRACT.c.state == State.APPLIED),
    APPLIED,
)
