"""The organisation as its administrators see it, scoped to their units."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from core.access import Actor, Role, require
from core.errors import NotFound
from core.paging import Page, read_page
from core.searching import contains
from directory.divisions import division_prefix
from directory.models import (
    Department,
    Division,
    Institution,
    Specialty,
    Staff,
    Team,
    TeamMember,
)
from directory.ports import coming_bookings
from directory.queries.lookup import TEAM, TEAMS, list_team_members
from directory.queries.units import division_within, institution_within
from directory.resources import responsibility
from directory.schemas import (
    Action,
    DepartmentEntry,
    DepartmentView,
    DivisionView,
    Duty,
    InstitutionEntry,
    InstitutionView,
    Kind,
    ManagedDepartments,
    ManagedInstitutions,
    ManagedStaff,
    ManagedTeams,
    StaffEntry,
    StaffView,
    State,
    TeamEntry,
    TeamRoster,
)


def responsible(session: Session, actor: Actor) -> frozenset[str]:
    """The units the actor administers. Raises Denied where there are none."""
    scope = actor.units(Role.ADMINISTRATOR)
    require(session, actor, Action.ADMINISTER, responsibility(scope))
    return scope


def managed_institutions(
    session: Session, actor: Actor, search: ManagedInstitutions
) -> Page[InstitutionEntry]:
    """Institutions within the actor's units, by code, with what they run."""
    query = _institutions().where(institution_within(responsible(session, actor)))
    query = query.where(*_in_state(Institution, search.state))
    if search.search:
        query = query.where(
            or_(contains(Institution.name, search.search), Institution.code == search.search)
        )
    if search.division:
        query = query.where(Institution.division_code.startswith(division_prefix(search.division)))
    if search.bookable is not None:
        query = query.where(Institution.bookable.is_(search.bookable))
    rows, following = read_page(session, query, [Institution.code], search)
    return Page(items=[_institution_entry(row) for row in rows], next_cursor=following)


def managed_institution(session: Session, actor: Actor, institution_id: UUID) -> InstitutionEntry:
    """One institution within the actor's units. Raises NotFound, elsewhere too, or Denied."""
    query = _institutions().where(
        Institution.id == institution_id, institution_within(responsible(session, actor))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound()
    return _institution_entry(row, coming_bookings(session, Kind.INSTITUTION, institution_id))


def managed_departments(
    session: Session, actor: Actor, search: ManagedDepartments
) -> Page[DepartmentEntry]:
    """Departments within the actor's units, by specialty."""
    order: list[Any] = [Department.specialty_code, Department.id]
    query = _departments().where(institution_within(responsible(session, actor)))
    query = query.where(*_in_state(Department, search.state)).add_columns(*order)
    if search.institution_id:
        query = query.where(Department.institution_id == search.institution_id)
    if search.search:
        query = query.where(contains(Department.name, search.search))
    rows, following = read_page(session, query, order, search)
    return Page(items=[_department_entry(row) for row in rows], next_cursor=following)


def managed_department(session: Session, actor: Actor, department_id: UUID) -> DepartmentEntry:
    """One department within the actor's units. Raises NotFound, elsewhere too, or Denied."""
    scope = responsible(session, actor)
    query = _departments().where(Department.id == department_id, institution_within(scope))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound()
    return _department_entry(row, coming_bookings(session, Kind.DEPARTMENT, department_id))


def managed_staff(session: Session, actor: Actor, search: ManagedStaff) -> Page[StaffEntry]:
    """Staff within the actor's units, by name."""
    order: list[Any] = [Staff.name, Staff.id]
    query = _staff().where(institution_within(responsible(session, actor)))
    query = query.where(*_in_state(Staff, search.state)).add_columns(*order)
    if search.institution_id:
        query = query.where(Staff.institution_id == search.institution_id)
    if search.department_id:
        query = query.where(Staff.department_id == search.department_id)
    if search.search:
        query = query.where(contains(Staff.name, search.search))
    rows, following = read_page(session, query, order, search)
    return Page(items=[_staff_entry(row) for row in rows], next_cursor=following)


def managed_person(session: Session, actor: Actor, staff_id: UUID) -> StaffEntry:
    """One of the staff within the actor's units. Raises NotFound, elsewhere too, or Denied."""
    scope = responsible(session, actor)
    query = _staff().where(Staff.id == staff_id, institution_within(scope))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound()
    return _staff_entry(row, coming_bookings(session, Kind.STAFF, staff_id))


def managed_teams(session: Session, actor: Actor, search: ManagedTeams) -> Page[TeamEntry]:
    """Teams within the actor's units, by name."""
    order: list[Any] = [Team.name, Team.id]
    query = _teams().where(institution_within(responsible(session, actor)))
    query = query.where(*_in_state(Team, search.state)).add_columns(*order)
    if search.institution_id:
        query = query.where(Team.institution_id == search.institution_id)
    if search.division:
        query = query.where(Team.division_code.startswith(division_prefix(search.division)))
    if search.without:
        query = query.where(~has_duty(search.without))
    if search.search:
        query = query.where(
            or_(contains(Team.name, search.search), contains(Institution.name, search.search))
        )
    rows, following = read_page(session, query, order, search)
    return Page(items=[_team_entry(row) for row in rows], next_cursor=following)


def managed_team(session: Session, actor: Actor, team_id: UUID) -> TeamRoster:
    """One team within the actor's units with its members. Raises NotFound or Denied."""
    scope = responsible(session, actor)
    query = TEAMS.where(TEAM.c.id == team_id, institution_within(scope))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound()
    members = list_team_members(session, team_id)
    return TeamRoster(**row._mapping, members=members)


def division_choices(session: Session, actor: Actor) -> list[DivisionView]:
    """The divisions to choose from: the actor's, or those of an institution's county."""
    scope = actor.units(Role.ADMINISTRATOR)
    counties = select(func.substr(Institution.division_code, 1, 6)).where(institution_within(scope))
    query = select(Division).where(
        or_(
            division_within(Division.code, scope),
            func.substr(Division.code, 1, 6).in_(counties),
        )
    )
    rows = session.scalars(query.order_by(Division.code))
    return [DivisionView.model_validate(row) for row in rows]


def institution_choices(
    session: Session, actor: Actor, among: Select[UUID] | None = None
) -> list[tuple[UUID, str]]:
    """The institutions to choose from within the actor's units, as (id, name); where it is told,
    those ``among`` these ids only.
    """
    scope = actor.units(Role.ADMINISTRATOR)
    query = (
        select(Institution.id, Institution.name)
        .where(institution_within(scope), Institution.disabled_at.is_(None))
        .order_by(Institution.code)
    )
    if among is not None:
        query = query.where(Institution.id.in_(among))
    return [(row.id, row.name) for row in session.execute(query)]


def colleagues(session: Session, institution_id: UUID) -> list[StaffView]:
    """All staff in service of an institution, by name: those a team is made of."""
    query = select(Staff).where(Staff.institution_id == institution_id, Staff.disabled_at.is_(None))
    rows = session.scalars(query.order_by(Staff.name, Staff.id))
    return [StaffView.model_validate(row) for row in rows]


def has_duty(duty: Duty) -> ColumnElement[bool]:
    """The condition that somebody in service has this duty in a team of the query."""
    return exists(
        select(TeamMember.staff_id)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(TeamMember.team_id == Team.id, TeamMember.duty == duty, Staff.disabled_at.is_(None))
        .correlate(Team)
    )


def _in_state(table: Any, state: State) -> list[ColumnElement[bool]]:
    if state is State.IN_SERVICE:
        return [table.disabled_at.is_(None)]
    return [table.disabled_at.is_not(None)] if state is State.DISABLED else []


def _running(table: Any) -> Any:
    """How many of ``table`` an institution of the query has in service."""
    return (
        select(func.count())
        .select_from(table)
        .where(table.institution_id == Institution.id, table.disabled_at.is_(None))
        .correlate(Institution)
        .scalar_subquery()
    )


def _institutions() -> Select[Any]:
    return select(
        Institution,
        Division.name.label("division_name"),
        _running(Department).label("departments"),
        _running(Staff).label("staff"),
        _running(Team).label("teams"),
        Institution.code,
    ).join(Division, Division.code == Institution.division_code)


def _institution_entry(row: Any, bookings: int = 0) -> InstitutionEntry:
    return InstitutionEntry(
        **InstitutionView.model_validate(row[0]).model_dump(),
        coming_bookings=bookings,
        division_name=row.division_name,
        departments=row.departments,
        staff=row.staff,
        teams=row.teams,
    )


def _departments() -> Select[Any]:
    working = (
        select(func.count(Staff.id))
        .where(Staff.department_id == Department.id, Staff.disabled_at.is_(None))
        .correlate(Department)
        .scalar_subquery()
    )
    return (
        select(
            Department,
            Institution.name.label("institution_name"),
            Specialty.name.label("specialty_name"),
            working.label("staff"),
        )
        .join(Institution, Institution.id == Department.institution_id)
        .join(Specialty, Specialty.code == Department.specialty_code)
    )


def _department_entry(row: Any, bookings: int = 0) -> DepartmentEntry:
    return DepartmentEntry(
        **DepartmentView.model_validate(row[0]).model_dump(),
        coming_bookings=bookings,
        institution_name=row.institution_name,
        specialty_name=row.specialty_name,
        staff=row.staff,
    )


def _staff() -> Select[Any]:
    own = aliased(Team)
    duties = (
        select(func.array_agg(aggregate_order_by(own.name, own.name)))
        .join(TeamMember, TeamMember.team_id == own.id)
        .where(TeamMember.staff_id == Staff.id, own.disabled_at.is_(None))
        .correlate(Staff)
        .scalar_subquery()
    )
    return (
        select(
            Staff,
            Institution.name.label("institution_name"),
            Department.name.label("department_name"),
            duties.label("teams"),
        )
        .join(Institution, Institution.id == Staff.institution_id)
        .outerjoin(Department, Department.id == Staff.department_id)
    )


def _staff_entry(row: Any, bookings: int = 0) -> StaffEntry:
    return StaffEntry(
        **StaffView.model_validate(row[0]).model_dump(),
        coming_bookings=bookings,
        institution_name=row.institution_name,
        department_name=row.department_name,
        account_id=row[0].account_id,
        teams=tuple(row.teams or ()),
    )


def _teams() -> Select[Any]:
    members = (
        select(func.count())
        .select_from(TeamMember)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(TeamMember.team_id == Team.id, Staff.disabled_at.is_(None))
        .correlate(Team)
        .scalar_subquery()
    )
    return TEAMS.add_columns(members.label("members"))


def _team_entry(row: Any) -> TeamEntry:
    return TeamEntry.model_validate(row)
