"""POST and PATCH /api/v1/directory/…: changes by administrators, and their history."""

from uuid import UUID

from core.access import Role
from core.database import transaction
from core.history import ChangeView
from core.paging import Page, PageQuery
from core.web.access import current_actor, open_to
from core.web.api import SECURED
from core.web.writes import write
from directory.queries.overview import history_of
from directory.schemas import (
    AtState,
    ChangeDepartment,
    ChangeInstitution,
    ChangeStaff,
    ChangeTeam,
    ClosedDepartment,
    ClosedInstitution,
    ClosedStaff,
    CreateDepartment,
    CreateInstitution,
    CreateStaff,
    CreateTeam,
    DepartmentView,
    DisableInstitution,
    InstitutionView,
    Kind,
    NewStaffAccount,
    OpenStaffAccount,
    SetMember,
    StaffView,
    TeamRoster,
)
from directory.services import departments as department_services
from directory.services import institutions as institution_services
from directory.services import staff as staff_services
from directory.services import teams as team_services
from directory.web.admin.accounts import open_account
from directory.web.api.reading import api


@api.post("/institutions")
@api.input(CreateInstitution, arg_name="command")
@api.output(InstitutionView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def create_institution(command: CreateInstitution) -> InstitutionView:
    """Register an institution."""
    return write(
        InstitutionView,
        lambda session: institution_services.create_institution(session, current_actor(), command),
    )


@api.patch("/institutions/<uuid:institution_id>")
@api.input(ChangeInstitution, arg_name="command")
@api.output(InstitutionView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def change_institution(institution_id: UUID, command: ChangeInstitution) -> InstitutionView:
    """Change the given fields of an institution, made on the version that was read."""
    return write(
        InstitutionView,
        lambda session: institution_services.change_institution(
            session, current_actor(), institution_id, command
        ),
    )


@api.post("/institutions/<uuid:institution_id>/disable")
@api.input(DisableInstitution, arg_name="command")
@api.output(ClosedInstitution)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def disable_institution(institution_id: UUID, command: DisableInstitution) -> ClosedInstitution:
    """Take an institution out of service."""
    return write(
        ClosedInstitution,
        lambda session: institution_services.disable_institution(
            session, current_actor(), institution_id, command
        ),
    )


@api.post("/institutions/<uuid:institution_id>/enable")
@api.input(AtState, arg_name="command")
@api.output(InstitutionView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def enable_institution(institution_id: UUID, command: AtState) -> InstitutionView:
    """Take an institution back into service."""
    return write(
        InstitutionView,
        lambda session: institution_services.enable_institution(
            session, current_actor(), institution_id, command
        ),
    )


@api.post("/departments")
@api.input(CreateDepartment, arg_name="command")
@api.output(DepartmentView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def create_department(command: CreateDepartment) -> DepartmentView:
    """Register a department."""
    return write(
        DepartmentView,
        lambda session: department_services.create_department(session, current_actor(), command),
    )


@api.patch("/departments/<uuid:department_id>")
@api.input(ChangeDepartment, arg_name="command")
@api.output(DepartmentView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def change_department(department_id: UUID, command: ChangeDepartment) -> DepartmentView:
    """Change the given fields of a department, made on the version that was read."""
    return write(
        DepartmentView,
        lambda session: department_services.change_department(
            session, current_actor(), department_id, command
        ),
    )


@api.post("/departments/<uuid:department_id>/disable")
@api.input(AtState, arg_name="command")
@api.output(ClosedDepartment)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def disable_department(department_id: UUID, command: AtState) -> ClosedDepartment:
    """Take a department out of service."""
    return write(
        ClosedDepartment,
        lambda session: department_services.disable_department(
            session, current_actor(), department_id, command
        ),
    )


@api.post("/departments/<uuid:department_id>/enable")
@api.input(AtState, arg_name="command")
@api.output(DepartmentView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def enable_department(department_id: UUID, command: AtState) -> DepartmentView:
    """Take a department back into service."""
    return write(
        DepartmentView,
        lambda session: department_services.enable_department(
            session, current_actor(), department_id, command
        ),
    )


@api.post("/staff")
@api.input(CreateStaff, arg_name="command")
@api.output(StaffView, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def create_staff(command: CreateStaff) -> StaffView:
    """Register one of the staff."""
    return write(
        StaffView, lambda session: staff_services.create_staff(session, current_actor(), command)
    )


@api.patch("/staff/<uuid:staff_id>")
@api.input(ChangeStaff, arg_name="command")
@api.output(StaffView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def change_staff(staff_id: UUID, command: ChangeStaff) -> StaffView:
    """Change the given fields of one of the staff, made on the version that was read."""
    return write(
        StaffView,
        lambda session: staff_services.change_staff(session, current_actor(), staff_id, command),
    )


@api.post("/staff/<uuid:staff_id>/disable")
@api.input(AtState, arg_name="command")
@api.output(ClosedStaff)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def disable_staff(staff_id: UUID, command: AtState) -> ClosedStaff:
    """Take one of the staff out of service."""
    return write(
        ClosedStaff,
        lambda session: staff_services.disable_staff(session, current_actor(), staff_id, command),
    )


@api.post("/staff/<uuid:staff_id>/enable")
@api.input(AtState, arg_name="command")
@api.output(StaffView)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def enable_staff(staff_id: UUID, command: AtState) -> StaffView:
    """Take one of the staff back into service."""
    return write(
        StaffView,
        lambda session: staff_services.enable_staff(session, current_actor(), staff_id, command),
    )


@api.post("/teams")
@api.input(CreateTeam, arg_name="command")
@api.output(TeamRoster, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def create_team(command: CreateTeam) -> TeamRoster:
    """Register a team."""
    return write(
        TeamRoster, lambda session: team_services.create_team(session, current_actor(), command)
    )


@api.patch("/teams/<uuid:team_id>")
@api.input(ChangeTeam, arg_name="command")
@api.output(TeamRoster)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def change_team(team_id: UUID, command: ChangeTeam) -> TeamRoster:
    """Change the given fields of a team, made on the version that was read."""
    return write(
        TeamRoster,
        lambda session: team_services.change_team(session, current_actor(), team_id, command),
    )


@api.post("/teams/<uuid:team_id>/disable")
@api.input(AtState, arg_name="command")
@api.output(TeamRoster)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def disable_team(team_id: UUID, command: AtState) -> TeamRoster:
    """Take a team out of service."""
    return write(
        TeamRoster,
        lambda session: team_services.disable_team(session, current_actor(), team_id, command),
    )


@api.post("/teams/<uuid:team_id>/enable")
@api.input(AtState, arg_name="command")
@api.output(TeamRoster)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def enable_team(team_id: UUID, command: AtState) -> TeamRoster:
    """Take a team back into service."""
    return write(
        TeamRoster,
        lambda session: team_services.enable_team(session, current_actor(), team_id, command),
    )


@api.post("/staff/<uuid:staff_id>/account")
@api.input(OpenStaffAccount, arg_name="command")
@api.output(NewStaffAccount, status_code=201)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def open_staff_account(staff_id: UUID, command: OpenStaffAccount) -> NewStaffAccount:
    """Give one of the staff a sign-in; its initial password is in this answer only."""
    return open_account(staff_id, command)


@api.post("/teams/<uuid:team_id>/members")
@api.input(SetMember, arg_name="command")
@api.output(TeamRoster)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def set_member(team_id: UUID, command: SetMember) -> TeamRoster:
    """Add somebody to a team or give them another duty; their rights follow."""
    return write(
        TeamRoster,
        lambda session: team_services.set_member(session, current_actor(), team_id, command),
    )


@api.delete("/teams/<uuid:team_id>/members/<uuid:staff_id>")
@api.input(AtState, location="query", arg_name="command")
@api.output(TeamRoster)
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def remove_member(team_id: UUID, staff_id: UUID, command: AtState) -> TeamRoster:
    """Take somebody off a team; their rights end."""
    return write(
        TeamRoster,
        lambda session: team_services.remove_member(
            session, current_actor(), team_id, staff_id, command
        ),
    )


@api.get("/<any(institution, department, staff, team):kind>/<uuid:subject_id>/history")
@api.input(PageQuery, location="query", arg_name="page")
@api.output(Page[ChangeView])
@api.doc(**SECURED)
@open_to(Role.ADMINISTRATOR)
def history(kind: str, subject_id: UUID, page: PageQuery) -> Page[ChangeView]:
    """What was changed at one thing, newest first."""
    with transaction() as session:
        return history_of(session, current_actor(), Kind(kind), subject_id, page)
