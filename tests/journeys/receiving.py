"""Many residents of the demo's team, and another team of its institution whose leader can sign in,
in the running portal's own database: `python -m tests.journeys.receiving <village> 200` makes them
and prints the other team's name with its leader's account and phone. It brings up the portal, so
no test imports it.
"""

import json
import secrets
import sys
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

import wsgi
from auth.services.accounts import create_account, grant_role
from core import clock
from core.access import Role
from core.database import transaction
from core.ids import new_id
from directory.models import Staff, Team, TeamMember
from family_doctor.models import Contract, TeamLoad
from family_doctor.obligations import term_end
from regions.demo import PASSWORD
from residents.models import Household, Person
from service_packs.public import list_packs
from service_packs.schemas import Tier
from tests.factories.signing import keep_own_signature
from tests.journeys.signing import TEAM

NAME, USERNAME, PHONE = "示例接收团队", "journey-receiver", "12890000001"


def make(village: str, count: int) -> tuple[str, str, str]:
    """Let the residents be signed with the demo's team, and the other team be there."""
    with wsgi.app.app_context(), transaction() as session:
        team = session.scalars(select(Team).where(Team.name == TEAM)).one()
        _residents(session, team, village, count)
        _receiver(session, team)
    return NAME, USERNAME, PHONE


def _residents(session: Session, team: Team, village: str, count: int) -> None:
    home, people = new_id(), [new_id() for _ in range(count)]
    pack = next(each for each in list_packs(session) if each.tier is Tier.BASIC)
    now, today = clock.now(), clock.today()
    session.add(
        Household(
            id=home, division_code=team.division_code, village_code=f"{team.division_code}999",
            village_name=village,
        )
    )  # fmt: skip
    session.flush()
    session.execute(insert(Person), [
        {
            "id": each, "household_id": home, "relation": "self",
            "name": f"示例村民{number + 1:03}",
            "sex": "female", "birth_date": date(1960, 7, 4), "id_index": each.bytes,
            "id_tail_index": secrets.token_bytes(8), "division_code": team.division_code,
            "example": True,
        }
        for number, each in enumerate(people)
    ])  # fmt: skip
    session.execute(insert(Contract), [
        {
            "id": new_id(), "person_id": each, "team_id": team.id,
            "institution_id": team.institution_id, "division_code": team.division_code,
            "channel": "portal", "state": "active", "pack_code": pack.code,
            "pack_name": pack.name, "pack_name_en": pack.name_en, "price_fen": pack.price_fen,
            "public_health_fen": pack.public_health_fen, "insurance_fen": pack.insurance_fen,
            "person_fen": pack.person_fen, "applied_at": now, "accepted_at": now,
            "signed_at": now, "starts_on": today, "ends_on": term_end(today, 1), "version": 1,
        }
        for each in people
    ])  # fmt: skip
    load = session.get_one(TeamLoad, team.id)
    load.taken += count


def _receiver(session: Session, giver: Team) -> None:
    account = create_account(
        session, username=USERNAME, display_name="示例接收队长", password=PASSWORD, phone=PHONE
    )
    team = Team(
        id=new_id(), institution_id=giver.institution_id, division_code=giver.division_code,
        name=NAME, capacity=2000, introduction="", example=True,
    )  # fmt: skip
    staff = Staff(
        id=new_id(), institution_id=giver.institution_id, account_id=account.id,
        name="示例接收队长", profession="doctor", title="", introduction="", example=True,
    )  # fmt: skip
    session.add_all([team, staff])
    session.flush()
    session.add(TeamMember(team_id=team.id, staff_id=staff.id, duty="leader"))
    grant_role(session, account.id, Role.LEADER, str(team.id), NAME)
    keep_own_signature(session, account.id)


if __name__ == "__main__":
    print(json.dumps(make(sys.argv[1], int(sys.argv[2]))))
