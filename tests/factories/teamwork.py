"""Teams with many residents, and members who join and leave."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Role
from core.ids import new_id
from directory.models import Institution, Staff, Team, TeamMember
from family_doctor.models import Contract, Obligation
from family_doctor.obligations import term_end
from residents.identity import check_digit
from residents.models import Household, Person
from residents.services.identity import id_index, id_tail_index
from tests.factories.auth import make_account
from tests.factories.directory import TOWNSHIP, make_staff
from tests.factories.family_doctor import BASIC, days_ago, make_basic_pack


def staff_of(session: Session, account_id: UUID) -> Staff:
    """The staff that an account belongs to."""
    return session.scalars(select(Staff).where(Staff.account_id == account_id)).one()


def make_member(session: Session, team: Team, duty: str = "village_doctor") -> tuple[Staff, UUID]:
    """One more member of a team, who has an account: (staff, account id)."""
    account = make_account(session, name=duty, roles={Role.MEMBER: [str(team.id)]})
    institution = session.get_one(Institution, team.institution_id)
    staff = make_staff(session, institution, account_id=account.id)
    session.add(TeamMember(team_id=team.id, staff_id=staff.id, duty=duty))
    session.flush()
    return staff, account.id


def leave(session: Session, team: Team, staff: Staff) -> None:
    """Take a member off the roster."""
    off = delete(TeamMember).where(TeamMember.team_id == team.id, TeamMember.staff_id == staff.id)
    session.execute(off)
    session.flush()


def make_residents(
    session: Session, team: Team, number: int, *, village: str = "大村", late: int = 0
) -> list[Contract]:
    """Residents signed with a team, of one household and village; ``late`` of them, the first, have
    a service that is overdue. Three statements whatever their number.
    """
    make_basic_pack(session)
    home = Household(
        id=new_id(), division_code=TOWNSHIP, village_code=f"{TOWNSHIP}201", village_name=village
    )
    session.add(home)
    session.flush()
    people = [_person(home, index) for index in range(number)]
    session.add_all(people)
    session.flush()
    contracts = [_contract(team, person) for person in people]
    session.add_all(contracts)
    session.flush()
    session.add_all(_late(contract) for contract in contracts[:late])
    session.flush()
    return contracts


def _person(home: Household, index: int) -> Person:
    first = f"99010219500101{index % 1000:03d}"
    number = first + check_digit(first)
    return Person(
        id=new_id(),
        household_id=home.id,
        relation="self",
        name=f"居民{index:03d}",
        sex="female",
        birth_date=days_ago(365 * 60),
        id_number=number,
        id_index=id_index(f"{home.id}{number}"),
        id_tail_index=id_tail_index(number),
        division_code=TOWNSHIP,
    )


def _contract(team: Team, person: Person) -> Contract:
    now, begun = clock.now(), days_ago(100)
    return Contract(
        id=new_id(),
        person_id=person.id,
        team_id=team.id,
        institution_id=team.institution_id,
        division_code=person.division_code,
        channel="portal",
        state="active",
        pack_code=BASIC,
        pack_name="试验基础包",
        pack_name_en="Trial basic pack",
        price_fen=1500,
        public_health_fen=1000,
        insurance_fen=500,
        person_fen=0,
        applied_at=now,
        accepted_at=now,
        signed_at=now,
        starts_on=begun,
        ends_on=term_end(begun, 1),
    )


def _late(contract: Contract) -> Obligation:
    return Obligation(
        id=new_id(),
        contract_id=contract.id,
        person_id=contract.person_id,
        team_id=contract.team_id,
        division_code=contract.division_code,
        kind="norm",
        slot="1",
        item_code="T01",
        item_name="服务T01",
        item_name_en="Service T01",
        sequence=1,
        times=1,
        opens_on=days_ago(60),
        due_on=days_ago(30),
        remind_from=days_ago(40),
        late_after=days_ago(20),
    )
