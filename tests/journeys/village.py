"""A village whose people have no family doctor yet, in the running portal's own database: the
journey knows what stands on their papers. `python -m tests.journeys.village <name> 60` makes and
prints them. It brings up the portal, so no test imports it.
"""

import json
import sys
from datetime import date

from sqlalchemy import select

import wsgi
from core.database import transaction
from core.ids import new_id
from directory.models import Team
from residents.identity import check_digit
from residents.models import Household, Person
from residents.services.identity import id_index, id_tail_index

TEAM = "贵城街道家庭医生第1队"
# No county has this code.
FIRST = "99010319600704"


def make(village: str, count: int) -> list[tuple[str, str]]:
    """Let them live there, two a household; their names and numbers."""
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
            session.add(
                Person(
                    id=new_id(),
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
            people.append((name, number))
    return people


if __name__ == "__main__":
    print(json.dumps(make(sys.argv[1], int(sys.argv[2]))))
