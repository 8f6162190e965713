"""Filters of the panel that staff keep."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from core.errors import NotFound
from directory.public import get_team
from directory.schemas import TeamView
from family_doctor.models import SavedFilter
from family_doctor.queries.team import panel_resource
from family_doctor.schemas import PanelAction, PanelFilters, SavedFilterView


def filter_resource(
    team: TeamView, holder: UUID, *, shared: bool, filter_id: UUID | None = None
) -> Resource:
    """A kept filter as the policy sees it, or one that is to be."""
    more = {"holder": {"__entity": {"type": "Account", "id": str(holder)}}, "shared": shared}
    return Resource("SavedFilter", str(filter_id or "new"), None, panel_resource(team).units, more)


def list_filters(session: Session, actor: Actor, team: TeamView) -> list[SavedFilterView]:
    """The filters that the actor may use for a team: their own, then the shared ones, by name.
    Raises Denied.
    """
    require(session, actor, PanelAction.KEEP, panel_resource(team))
    own = SavedFilter.account_id == actor.account_id
    query = (
        select(SavedFilter)
        .where(SavedFilter.team_id == team.id, or_(own, SavedFilter.shared))
        .order_by(own.desc(), SavedFilter.name, SavedFilter.id)
    )
    return [view_filter(actor, row) for row in session.scalars(query)]


def load_filter(
    session: Session, actor: Actor, filter_id: UUID, action: PanelAction
) -> tuple[SavedFilter, TeamView]:
    """The row and its team, for what ``action`` says. Raises NotFound or Denied."""
    row = session.get(SavedFilter, filter_id, populate_existing=True)
    if row is None:
        raise NotFound()
    team = get_team(session, row.team_id)
    resource = filter_resource(team, row.account_id, shared=row.shared, filter_id=row.id)
    require(session, actor, action, resource)
    return row, team


def view_filter(actor: Actor, row: SavedFilter) -> SavedFilterView:
    """A row as others may see it. What it asks and this version does not know is left out."""
    known = {name: row.filters[name] for name in PanelFilters.model_fields if name in row.filters}
    return SavedFilterView(
        id=row.id,
        team_id=row.team_id,
        name=row.name,
        shared=row.shared,
        own=row.account_id == actor.account_id,
        filters=PanelFilters.model_validate(known),
    )
