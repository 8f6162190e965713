"""Public reads of the directory: nothing here is scoped to an actor."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

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
    Village,
)
from directory.schemas import (
    DepartmentSearch,
    DepartmentView,
    DivisionView,
    Duty,
    InstitutionSearch,
    InstitutionView,
    StaffSearch,
    StaffView,
    TeamMemberView,
    TeamSearch,
    TeamStaff,
    TeamView,
    VillageView,
)


def team_named(team_id: Any, text: str) -> ColumnElement[bool]:
    """The condition that the team of a column has ``text`` in its name."""
    return exists().where(Team.id == team_id, contains(Team.name, text))


def institution_named(institution_id: Any, text: str) -> ColumnElement[bool]:
    """The condition that the institution of a column has ``text`` in its name."""
    return exists().where(Institution.id == institution_id, contains(Institution.name, text))


def staff_named(staff_id: Any, text: str) -> ColumnElement[bool]:
    """The condition that the member of staff of a column has ``text`` in their name."""
    return exists().where(Staff.id == staff_id, contains(Staff.name, text))


def in_service(institution_id: Any, department_id: Any, staff_id: Any) -> ColumnElement[bool]:
    """The condition that none of the three is out of service; for columns of other rooms' queries.
    A department's own clinic has NULL for ``staff_id``.
    """
    parts = ((Institution, institution_id), (Department, department_id), (Staff, staff_id))
    return and_(
        *(~exists().where(part.id == key, part.disabled_at.is_not(None)) for part, key in parts)
    )


DIVISIONS = select(*(getattr(Division, name) for name in DivisionView.model_fields)).order_by(
    Division.code
)


def list_divisions(session: Session, parent_code: str | None = None) -> list[DivisionView]:
    """All divisions below ``parent_code``, or all; by code."""
    query = DIVISIONS.where(Division.parent_code == parent_code) if parent_code else DIVISIONS
    # Rows of the region's own pack, many on every map page: they need no second check.
    return [DivisionView.model_construct(**row._mapping) for row in session.execute(query)]


def get_division(session: Session, code: str) -> DivisionView:
    """Raises NotFound."""
    row = session.get(Division, code)
    if row is None:
        raise NotFound()
    return DivisionView.model_validate(row)


def village_segments(session: Session, codes: Collection[str]) -> dict[str, str]:
    """The three digits by which villages stand in health-record numbers, by village code."""
    query = select(Village.code, Village.record_code).where(Village.code.in_(set(codes)))
    return {row.code: row.record_code for row in session.execute(query)}


def find_village(session: Session, code: str) -> VillageView | None:
    """The village or community of a code."""
    row = session.get(Village, code)
    return VillageView.model_validate(row) if row else None


def list_villages(session: Session, division_code: str) -> list[VillageView]:
    """The villages and communities of a township, by code."""
    query = select(Village.code, Village.name).where(Village.division_code == division_code)
    return [
        VillageView(code=row.code, name=row.name)
        for row in session.execute(query.order_by(Village.code))
    ]


def list_institutions(session: Session, search: InstitutionSearch) -> Page[InstitutionView]:
    """Institutions in service that match, by code."""
    query = select(Institution, Institution.code).where(Institution.disabled_at.is_(None))
    if search.search:
        query = query.where(contains(Institution.name, search.search))
    if search.division:
        query = query.where(Institution.division_code.startswith(division_prefix(search.division)))
    if search.bookable is not None:
        query = query.where(Institution.bookable.is_(search.bookable))
    rows, following = read_page(session, query, [Institution.code], search)
    items = [InstitutionView.model_validate(row[0]) for row in rows]
    return Page(items=items, next_cursor=following)


def get_institution(session: Session, institution_id: UUID) -> InstitutionView:
    """Raises NotFound; a disabled institution is still found, marked so."""
    row = session.get(Institution, institution_id)
    if row is None:
        raise NotFound()
    return InstitutionView.model_validate(row)


def institution_facts(session: Session) -> list[tuple[str, str, str, int, int, int]]:
    """Institutions in service: (division_code, type_code, level, beds, doctors, nurses) of each."""
    query = select(
        Institution.division_code,
        Institution.type_code,
        Institution.level,
        Institution.beds,
        Institution.doctors,
        Institution.nurses,
    ).where(Institution.disabled_at.is_(None))
    rows = session.execute(query.order_by(Institution.code))
    return [
        (division, kind, level, beds, doctors, nurses)
        for division, kind, level, beds, doctors, nurses in rows
    ]


def list_departments(session: Session, search: DepartmentSearch) -> Page[DepartmentView]:
    """Departments in service of an institution, by specialty."""
    order = [Department.specialty_code, Department.id]
    query = select(Department, *order).where(
        Department.institution_id == search.institution_id, Department.disabled_at.is_(None)
    )
    if search.search:
        query = query.where(contains(Department.name, search.search))
    rows, following = read_page(session, query, order, search)
    items = [DepartmentView.model_validate(row[0]) for row in rows]
    return Page(items=items, next_cursor=following)


def get_department(session: Session, department_id: UUID) -> DepartmentView:
    """Raises NotFound."""
    row = session.get(Department, department_id)
    if row is None:
        raise NotFound()
    return DepartmentView.model_validate(row)


def list_specialties(session: Session) -> list[tuple[str, str]]:
    """All specialties as (code, name), by code."""
    query = select(Specialty.code, Specialty.name).order_by(Specialty.code)
    return [(code, name) for code, name in session.execute(query)]


def list_staff(session: Session, search: StaffSearch) -> Page[StaffView]:
    """Staff in service, by id."""
    query = select(Staff, Staff.id).where(Staff.disabled_at.is_(None))
    if search.institution_id:
        query = query.where(Staff.institution_id == search.institution_id)
    if search.department_id:
        query = query.where(Staff.department_id == search.department_id)
    if search.search:
        query = query.where(contains(Staff.name, search.search))
    rows, following = read_page(session, query, [Staff.id], search)
    return Page(items=[StaffView.model_validate(row[0]) for row in rows], next_cursor=following)


def staff_by_id(session: Session, staff_ids: Collection[UUID]) -> dict[UUID, StaffView]:
    """Those of these ids, in service or not, with one statement at most."""
    if not staff_ids:
        return {}
    rows = session.scalars(select(Staff).where(Staff.id.in_(staff_ids)))
    return {row.id: StaffView.model_validate(row) for row in rows}


TEAM, INSTITUTION, DIVISION = Team.__table__, Institution.__table__, Division.__table__
MEMBER, LEADER = TeamMember.__table__, Staff.__table__.alias("leader")
# The doctors of a team: whose duty says so; its leader is one (国卫基层发〔2018〕35号).
COLLEAGUE = TeamMember.__table__.alias("colleague")
DOCTORS = (
    select(func.count())
    .where(
        COLLEAGUE.c.team_id == TEAM.c.id,
        COLLEAGUE.c.duty.in_((Duty.LEADER, Duty.GENERAL_PRACTITIONER)),
    )
    .scalar_subquery()
)
# Teams with the names of their institution, division and leader; the id comes last. Built once,
# on the tables themselves: many pages ask for one.
TEAMS = (
    select(
        TEAM.c.name,
        TEAM.c.institution_id,
        INSTITUTION.c.name.label("institution_name"),
        TEAM.c.division_code,
        DIVISION.c.name.label("division_name"),
        TEAM.c.capacity,
        DOCTORS.label("doctors"),
        TEAM.c.introduction,
        LEADER.c.name.label("leader_name"),
        TEAM.c.example,
        TEAM.c.disabled_at.is_not(None).label("disabled"),
        TEAM.c.version,
        TEAM.c.id,
    )
    .join_from(TEAM, INSTITUTION, INSTITUTION.c.id == TEAM.c.institution_id)
    .join(DIVISION, DIVISION.c.code == TEAM.c.division_code)
    .join(MEMBER, (MEMBER.c.team_id == TEAM.c.id) & (MEMBER.c.duty == Duty.LEADER))
    .join(LEADER, LEADER.c.id == MEMBER.c.staff_id)
)
ONE_TEAM = TEAMS.where(TEAM.c.id == bindparam("team_id"))
TEAMS_BY_ID = TEAMS.where(TEAM.c.id.in_(bindparam("team_ids", expanding=True)))


def list_teams(session: Session, search: TeamSearch) -> Page[TeamView]:
    """Teams in service that match, by id; ``search`` finds team, leader and institution names."""
    query = TEAMS.where(TEAM.c.disabled_at.is_(None))
    if search.division:
        query = query.where(TEAM.c.division_code.startswith(division_prefix(search.division)))
    if search.institution_id:
        query = query.where(TEAM.c.institution_id == search.institution_id)
    if search.search:
        led = (
            select(TeamMember.team_id)
            .join(Staff, Staff.id == TeamMember.staff_id)
            .where(TeamMember.duty == Duty.LEADER, contains(Staff.name, search.search))
        )
        query = query.where(
            or_(
                contains(TEAM.c.name, search.search),
                contains(INSTITUTION.c.name, search.search),
                contains(DIVISION.c.name, search.search),
                TEAM.c.id.in_(led),
            )
        )
    rows, following = read_page(session, query, [TEAM.c.id], search)
    return Page(items=[TeamView.model_validate(row) for row in rows], next_cursor=following)


def get_team(session: Session, team_id: UUID) -> TeamView:
    """Raises NotFound; a disabled team is still found, marked so."""
    row = session.execute(ONE_TEAM, {"team_id": team_id}).one_or_none()
    if row is None:
        raise NotFound()
    return TeamView.model_validate(row)


def teams_by_id(session: Session, team_ids: set[UUID]) -> dict[UUID, TeamView]:
    """The teams of these ids, with one statement."""
    rows = session.execute(TEAMS_BY_ID, {"team_ids": team_ids})
    return {row.id: TeamView.model_validate(row) for row in rows}


def list_team_members(session: Session, team_id: UUID) -> list[TeamMemberView]:
    """The members of a team in service, leader first."""
    query = (
        select(TeamMember.staff_id, Staff.name, TeamMember.duty, Staff.title, Staff.example)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(TeamMember.team_id == team_id, Staff.disabled_at.is_(None))
        .order_by(TeamMember.duty != Duty.LEADER, TeamMember.duty, Staff.id)
    )
    return [TeamMemberView.model_validate(row) for row in session.execute(query)]


def teams_of_account(session: Session, account_id: UUID) -> list[UUID]:
    """The teams in which the holder of an account works."""
    query = (
        select(TeamMember.team_id)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(Staff.account_id == account_id)
        .order_by(TeamMember.team_id)
    )
    return list(session.scalars(query))


def accounts_of_teams(
    session: Session, team_ids: Collection[UUID]
) -> list[tuple[UUID, UUID, Duty]]:
    """Team, account and duty of the members in service who have an account."""
    query = (
        select(TeamMember.team_id, Staff.account_id, TeamMember.duty)
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(
            TeamMember.team_id.in_(team_ids),
            Staff.account_id.is_not(None),
            Staff.disabled_at.is_(None),
        )
        .order_by(TeamMember.team_id, Staff.id)
    )
    return [
        (team, account, Duty(duty)) for team, account, duty in session.execute(query) if account
    ]


def on_roster(team_id: Any, staff_id: Any) -> ColumnElement[bool]:
    """The condition that somebody is a member of a team; for columns of other rooms' queries."""
    return exists().where(TeamMember.team_id == team_id, TeamMember.staff_id == staff_id)


def staff_id_of(account_id: Any) -> ScalarSelect[UUID]:
    """The id of the staff who hold an account, as a value in other rooms' queries."""
    return select(Staff.id).where(Staff.account_id == account_id).scalar_subquery()


def accounts_of_staff(session: Session, staff_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The accounts of those who have one, by the id of the staff."""
    query = select(Staff.id, Staff.account_id).where(Staff.id.in_(staff_ids))
    return {staff: account for staff, account in session.execute(query) if account}


def staff_of_teams(session: Session, team_ids: Collection[UUID]) -> list[TeamStaff]:
    """The members in service of these teams, with or without an account, leaders first."""
    query = (
        select(
            TeamMember.team_id, TeamMember.staff_id, Staff.account_id, Staff.name, TeamMember.duty
        )
        .join(Staff, Staff.id == TeamMember.staff_id)
        .where(TeamMember.team_id.in_(team_ids), Staff.disabled_at.is_(None))
        .order_by(TeamMember.team_id, TeamMember.duty != Duty.LEADER, Staff.id)
    )
    return [TeamStaff.model_validate(row) for row in session.execute(query)]


def find_staff_of_account(session: Session, account_id: UUID) -> StaffView | None:
    """The member of staff who holds this account."""
    row = session.scalar(select(Staff).where(Staff.account_id == account_id))
    return StaffView.model_validate(row) if row else None
