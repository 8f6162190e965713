"""A village whose people have no family doctor yet, in the running portal's own database: the
journey knows what stands on their papers. `python -m tests.journeys.village <name> 60` makes and
prints them. The first has a child besides, and the last one's contract ends soon. It brings up the
portal, so no test imports it.
"""

import json
import sys
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

import wsgi
from core import clock
from core.database import transaction
from core.ids import new_id
from directory.models import Team
from family_doctor.models import Contract
from family_doctor.services.field_package import tail_digest
from residents.identity import check_digit
from residents.models import Household, Person
from residents.services.identity import id_index, id_tail_index
from service_packs.public import list_packs
from service_packs.schemas import Tier

TEAM = "贵城街道家庭医生第1队"
# No county has this code.
FIRST = "99010319600704"
CHILD, CHILD_OF_DAYS, ENDS_IN = "示例村童", 9 * 365, timedelta(days=20)


def make(village: str, count: int) -> list[tuple[str, str, str]]:
    """Let them live there, two a household; their names, numbers, and four that are not theirs."""
    people = []
    with wsgi.app.app_context(), transaction() as session:
        township = session.scalars(select(Team.division_code).where(Team.name == TEAM)).one()
        for each in range(count):
            if each % 2 == 0:
                home = Household(
                    id=new_id(), division_code=township, village_code="990103001",
                    village_name=village,
                )  # fmt: skip
                session.add(home)
                session.flush()
            first = f"{FIRST}{each:03d}"
            number, name = first + check_digit(first), f"示例村民{each + 1}"
            person_id = new_id()
            session.add(
                Person(
                    id=person_id,
                    household_id=home.id,
                    relation="self",
                    name=name,
                    sex="female",
                    birth_date=date(1960, 7, 4),
                    id_number=number,
                    id_index=id_index(number),
                    id_tail_index=id_tail_index(number),
                    division_code=township,
                    example=True,
                )
            )
            people.append((name, number, misread(person_id, number[-4:])))
            if each == 0:
                parent = session.scalars(select(Person).where(Person.name == name)).one()
        _child(session, parent)
        _ending(session, name)
    return people


def misread(person_id: UUID, tail: str) -> str:
    """Four that a tablet tells from these."""
    right = tail_digest(person_id, tail)
    wrong = (f"{each:04d}" for each in range(10_000))
    return next(each for each in wrong if tail_digest(person_id, each) != right)


def _child(session: Session, parent: Person) -> None:
    """A child without an ID number, known by the birth certificate."""
    person_id = new_id()
    session.add(
        Person(
            id=person_id,
            household_id=parent.household_id,
            relation="child",
            name=CHILD,
            sex="female",
            birth_date=clock.today() - timedelta(days=CHILD_OF_DAYS),
            id_index=person_id.bytes,
            id_tail_index=id_tail_index("T990000001"),
            division_code=parent.division_code,
            example=True,
        )
    )


def _ending(session: Session, name: str) -> None:
    """The one of this name has the team already, until soon."""
    person = session.scalars(select(Person).where(Person.name == name)).one()
    team = session.scalars(select(Team).where(Team.name == TEAM)).one()
    pack = next(each for each in list_packs(session) if each.tier is Tier.BASIC)
    ends_on = clock.today() + ENDS_IN
    begun = ends_on.replace(year=ends_on.year - 1, day=min(ends_on.day, 28))
    session.add(
        Contract(
            id=new_id(),
            person_id=person.id,
            team_id=team.id,
            institution_id=team.institution_id,
            division_code=person.division_code,
            channel="portal",
            state="active",
            pack_code=pack.code,
            pack_name=pack.name,
            pack_name_en=pack.name_en,
            price_fen=pack.price_fen,
            public_health_fen=pack.public_health_fen,
            insurance_fen=pack.insurance_fen,
            person_fen=pack.person_fen,
            applied_at=clock.now(),
            accepted_at=clock.now(),
            signed_at=clock.now(),
            starts_on=begun,
            ends_on=ends_on,
        )
    )


if __name__ == "__main__":
    print(json.dumps(make(sys.argv[1], int(sys.argv[2]))))
