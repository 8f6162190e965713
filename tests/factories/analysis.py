"""A small region with contracts to analyse."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.access import Role
from core.ids import new_id
from directory.models import Institution, Team
from family_doctor.models import Contract
from family_doctor.states import State
from residents.models import Household, Person
from tests.factories.auth import make_account
from tests.factories.directory import (
    OTHER_TOWNSHIP,
    make_institution,
    make_team,
)
from tests.factories.family_doctor import make_contract
from tests.factories.residents import make_person

SECOND_VILLAGE = "第二村"
MOVED = "已搬走的居民"


@dataclass(frozen=True)
class Analysed:
    """An institution, its team and leader; ``others`` is a team of another institution."""

    institution: Institution
    team: Team
    leader_id: UUID
    others: Team


def make_analysed(session: Session) -> Analysed:
    """Of one institution: seven in force in the first township (two of them in a second village),
    six in the other county, and one each ended by moving away and by wish. Of another: one.
    """
    institution = make_institution(session, type_code="C220", bookable=False, name="甲卫生院")
    team, leader_id, _ = make_team(session, institution)
    others, _, _ = make_team(session)
    first = make_contract(session, make_person(session, groups=("03",)), team)
    for number in range(1, 7):
        contract = another(session, first, make_person(session, groups=("03",)))
        contract.channel = "card" if number < 5 else "portal"
        if number < 3:
            in_village(session, contract, SECOND_VILLAGE)
    for _ in range(6):
        another(session, first, make_person(session, division_code=OTHER_TOWNSHIP))
    for name, reason in ((MOVED, "moved"), ("退出的居民", "own_wish")):
        over = another(session, first, make_person(session, name=name))
        over.state, over.end_reason, over.ended_at = State.TERMINATED, reason, clock.now()
    first.channel = "card"
    make_contract(session, make_person(session, name="别家的居民"), others)
    session.commit()
    return Analysed(institution, team, leader_id, others)


def in_village(session: Session, contract: Contract, name: str) -> None:
    """Let the person of a contract live in another village of the township."""
    person = session.get_one(Person, contract.person_id)
    session.get_one(Household, person.household_id).village_name = name
    session.flush()


def another(session: Session, contract: Contract, person: Person) -> Contract:
    """A contract like this one of another person, without its obligations."""
    values = {column.key: getattr(contract, column.key) for column in contract.__table__.columns}
    own = {"id": new_id(), "person_id": person.id, "division_code": person.division_code}
    made = Contract(**{name: value for name, value in (values | own).items() if value is not None})
    session.add(made)
    session.flush()
    return made


def make_manager(session: Session, *units: object, role: Role = Role.ADMINISTRATOR) -> Account:
    """An administrator (or another role) of these units."""
    account = make_account(session, name="管理者", roles={role: [str(unit) for unit in units]})
    session.commit()
    return account
