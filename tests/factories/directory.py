"""The organisation for tests: one small region that is not the demo's."""

from itertools import count
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.access import Role
from core.ids import new_id
from directory.models import (
    Department,
    Division,
    Institution,
    Specialty,
    Staff,
    Team,
    TeamMember,
)
from tests.factories.auth import make_account
from tests.factories.signing import keep_own_signature

_numbers = count(1)
CITY, COUNTY, TOWNSHIP = "990100", "990102", "990102001"
OTHER_COUNTY, OTHER_TOWNSHIP = "990103", "990103001"
DIVISIONS = (
    (CITY, "试验市", "city", None, 100_000),
    (COUNTY, "甲县", "county", CITY, 60_000),
    (OTHER_COUNTY, "乙县", "county", CITY, 40_000),
    (TOWNSHIP, "一镇", "town", COUNTY, 60_000),
    (OTHER_TOWNSHIP, "二镇", "town", OTHER_COUNTY, 40_000),
)


def make_divisions(session: Session) -> None:
    """A city of two counties with a township each; safe to call again."""
    for code, name, level, parent, population in DIVISIONS:
        row = insert(Division).values(
            code=code,
            name=name,
            level=level,
            parent_code=parent,
            population=population,
            estimated=False,
        )
        session.execute(row.on_conflict_do_nothing())


def make_institution(
    session: Session, *, division_code: str = TOWNSHIP, name: str | None = None, **more: object
) -> Institution:
    """An institution that takes bookings."""
    make_divisions(session)
    number = next(_numbers)
    values: dict[str, object] = {
        "id": new_id(),
        "code": f"T{number:05d}",
        "name": name or f"试验医院{number}",
        "short_name": f"医院{number}",
        "type_code": "A100",
        "level": "二级",
        "ownership": "public",
        "division_code": division_code,
        "address": "",
        "beds": 100,
        "doctors": 20,
        "nurses": 30,
        "bookable": True,
    }
    institution = Institution(**(values | more))
    session.add(institution)
    session.flush()
    return institution


def make_department(
    session: Session, institution: Institution, *, name: str | None = None
) -> Department:
    """A department of general medicine."""
    specialty = insert(Specialty).values(code="03", name="内科")
    session.execute(specialty.on_conflict_do_nothing())
    department = Department(
        id=new_id(),
        institution_id=institution.id,
        specialty_code="03",
        name=name or f"内科{next(_numbers)}",
        location="门诊楼 2 层",
    )
    session.add(department)
    session.flush()
    return department


def make_staff(
    session: Session,
    institution: Institution,
    *,
    department: Department | None = None,
    account_id: UUID | None = None,
    name: str | None = None,
    profession: str = "doctor",
) -> Staff:
    """One of the staff."""
    staff = Staff(
        id=new_id(),
        institution_id=institution.id,
        department_id=department.id if department else None,
        account_id=account_id,
        name=name or f"医生{next(_numbers)}",
        profession=profession,
        title="主治医师",
        introduction="",
    )
    session.add(staff)
    session.flush()
    return staff


def make_team(
    session: Session, institution: Institution | None = None, *, capacity: int = 2000
) -> tuple[Team, UUID, UUID]:
    """A team with a leader and a nurse who have accounts: (team, leader's, nurse's account id)."""
    institution = institution or make_institution(session, type_code="C220", bookable=False)
    team = Team(
        id=new_id(),
        institution_id=institution.id,
        division_code=institution.division_code,
        name=f"试验团队{next(_numbers)}",
        capacity=capacity,
        introduction="",
    )
    session.add(team)
    session.flush()
    accounts = []
    for duty, role in (("leader", Role.LEADER), ("nurse", Role.MEMBER)):
        account = make_account(session, name=duty, roles={role: [str(team.id)]})
        staff = make_staff(session, institution, account_id=account.id, profession=duty)
        session.add(TeamMember(team_id=team.id, staff_id=staff.id, duty=duty))
        accounts.append(account.id)
    session.flush()
    keep_own_signature(session, accounts[0])
    return team, accounts[0], accounts[1]
