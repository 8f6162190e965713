"""/api/v1/family-doctor/panel…: the residents of a team, and filters that are kept."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.web.access import current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.writes import write
from family_doctor.queries.desks import find_desk
from family_doctor.queries.filters import list_filters
from family_doctor.queries.panel import list_panel
from family_doctor.queries.team import require_team, teams_worked_in
from family_doctor.schemas import (
    ChangeFilter,
    OfPanel,
    PanelPage,
    PanelQuery,
    SavedFilters,
    SavedFilterView,
    SaveFilter,
)
from family_doctor.services import filters as services

api = room_api("family_doctor_panel", "Family doctor: panel", "family-doctor")
TEAM = (Role.LEADER, Role.MEMBER)


@api.get("/panel")
@api.input(PanelQuery, location="query", arg_name="query")
@api.output(PanelPage)
@api.doc(**SECURED)
@open_to(*TEAM)
def panel(query: PanelQuery) -> PanelPage:
    """A team's residents, with how many every other choice of a filter would show."""
    with transaction() as session:
        teams = teams_worked_in(session, current_actor())
        team = require_team(session, current_actor(), teams, query.team_id)
        desk = find_desk(session, current_actor(), team.id)
        return list_panel(session, team, query, desk.whose(query.whose))


@api.get("/panel/filters")
@api.input(OfPanel, location="query", arg_name="of")
@api.output(SavedFilters)
@api.doc(**SECURED)
@open_to(*TEAM)
def filters(of: OfPanel) -> SavedFilters:
    """The filters that one keeps for a team, and those that its leader shared."""
    with transaction() as session:
        teams = teams_worked_in(session, current_actor())
        team = require_team(session, current_actor(), teams, of.team_id)
        return SavedFilters(items=list_filters(session, current_actor(), team))


@api.post("/panel/filters")
@api.input(SaveFilter, arg_name="command")
@api.output(SavedFilterView, status_code=201)
@api.doc(**SECURED)
@open_to(*TEAM)
def save_filter(command: SaveFilter) -> SavedFilterView:
    """Keep a filter; one of the same name takes its place."""
    return write(
        SavedFilterView,
        lambda session: services.save_filter(session, current_actor(), command),
    )


@api.patch("/panel/filters/<uuid:filter_id>")
@api.input(ChangeFilter, arg_name="command")
@api.output(SavedFilterView)
@api.doc(**SECURED)
@open_to(*TEAM)
def change_filter(filter_id: UUID, command: ChangeFilter) -> SavedFilterView:
    """Rename one's filter, share it or share it no more."""
    return write(
        SavedFilterView,
        lambda session: services.change_filter(session, current_actor(), filter_id, command),
    )


@api.delete("/panel/filters/<uuid:filter_id>")
@api.output(SavedFilterView)
@api.doc(**SECURED)
@open_to(*TEAM)
def delete_filter(filter_id: UUID) -> SavedFilterView:
    """Delete one's filter; returns it as it was."""
    return write(
        SavedFilterView,
        lambda session: services.delete_filter(session, current_actor(), filter_id),
    )
