"""Who of a team is away, and who stands in."""

from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Resource
from core.errors import NotFound
from directory.schemas import TeamView
from family_doctor.models import Absence
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import AbsenceView


def absence_resource(
    team: TeamView, account_id: UUID | None, absence_id: UUID | None = None
) -> Resource:
    """An absence as the policy sees it: of whoever is away (their account), in their team."""
    more: dict[str, object] = {}
    if account_id:
        more["holder"] = {"__entity": {"type": "Account", "id": str(account_id)}}
    name = str(absence_id or "new")
    return Resource("Absence", name, None, panel_resource(team).units, more)


def away_today(session: Session, team_id: UUID) -> list[AbsenceView]:
    """Who of a team is away today. The caller has asked the policy."""
    return _absences(session, team_id, Absence.starts_on <= clock.today())


def absences_of(session: Session, team_id: UUID) -> list[AbsenceView]:
    """A team's absences that are not over, the soonest first. The caller has asked the policy."""
    return _absences(session, team_id)


def get_absence(session: Session, absence_id: UUID) -> Absence:
    """The row as it is now. Raises NotFound."""
    row = session.get(Absence, absence_id, populate_existing=True)
    if row is None:
        raise NotFound()
    return row


def _absences(
    session: Session, team_id: UUID, *conditions: ColumnElement[bool]
) -> list[AbsenceView]:
    query = (
        select(Absence)
        .where(
            Absence.team_id == team_id,
            Absence.ended_at.is_(None),
            Absence.ends_on >= clock.today(),
            *conditions,
        )
        .order_by(Absence.starts_on, Absence.id)
    )
    return [AbsenceView.model_validate(row) for row in session.scalars(query)]
