"""GET /api/v1/directory/…: who and where, for everybody."""

from uuid import UUID

from core.database import transaction
from core.paging import Page
from core.web.access import ANYONE, open_to
from core.web.api import room_api
from directory import queries
from directory.schemas import (
    DepartmentSearch,
    DepartmentView,
    DivisionView,
    InstitutionSearch,
    InstitutionView,
    StaffSearch,
    StaffView,
    TeamMembers,
    TeamSearch,
    TeamView,
)

api = room_api("directory", "Directory")


@api.get("/divisions/<code>")
@api.output(DivisionView)
@open_to(ANYONE)
def division(code: str) -> DivisionView:
    """One division by its code."""
    with transaction() as session:
        return queries.get_division(session, code)


@api.get("/institutions")
@api.input(InstitutionSearch, location="query", arg_name="search")
@api.output(Page[InstitutionView])
@open_to(ANYONE)
def institutions(search: InstitutionSearch) -> Page[InstitutionView]:
    """Institutions in service."""
    with transaction() as session:
        return queries.list_institutions(session, search)


@api.get("/institutions/<uuid:institution_id>")
@api.output(InstitutionView)
@open_to(ANYONE)
def institution(institution_id: UUID) -> InstitutionView:
    """One institution."""
    with transaction() as session:
        return queries.get_institution(session, institution_id)


@api.get("/departments")
@api.input(DepartmentSearch, location="query", arg_name="search")
@api.output(Page[DepartmentView])
@open_to(ANYONE)
def departments(search: DepartmentSearch) -> Page[DepartmentView]:
    """The departments of an institution."""
    with transaction() as session:
        return queries.list_departments(session, search)


@api.get("/staff")
@api.input(StaffSearch, location="query", arg_name="search")
@api.output(Page[StaffView])
@open_to(ANYONE)
def staff(search: StaffSearch) -> Page[StaffView]:
    """The staff of an institution or department."""
    with transaction() as session:
        return queries.list_staff(session, search)


@api.get("/teams")
@api.input(TeamSearch, location="query", arg_name="search")
@api.output(Page[TeamView])
@open_to(ANYONE)
def teams(search: TeamSearch) -> Page[TeamView]:
    """Family-doctor teams in service."""
    with transaction() as session:
        return queries.list_teams(session, search)


@api.get("/teams/<uuid:team_id>")
@api.output(TeamView)
@open_to(ANYONE)
def team(team_id: UUID) -> TeamView:
    """One family-doctor team."""
    with transaction() as session:
        return queries.get_team(session, team_id)


@api.get("/teams/<uuid:team_id>/members")
@api.output(TeamMembers)
@open_to(ANYONE)
def team_members(team_id: UUID) -> TeamMembers:
    """Who works in a team, its leader first."""
    with transaction() as session:
        queries.get_team(session, team_id)
        return TeamMembers(items=queries.list_team_members(session, team_id))
