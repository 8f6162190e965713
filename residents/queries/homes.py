"""Where somebody lives and with whom."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, require
from core.errors import NotFound
from directory.public import get_division
from residents.models import HomeMove, Household, Person
from residents.queries.identifiers import numbers_resource
from residents.queries.people import standing
from residents.schemas import (
    HomeAction,
    HomeMember,
    HomeMoveView,
    HomeView,
    MoveWay,
    Relation,
    age_on,
)

HEADS = (Relation.HEAD, Relation.SELF)
MOST_MOVES = 20


def get_home(session: Session, actor: Actor, person_id: UUID | None) -> HomeView:
    """A person's home. Raises NotFound or Denied."""
    person = session.get(Person, person_id) if person_id else None
    if person is None:
        raise NotFound()
    person = standing(session, person)
    require(session, actor, HomeAction.READ, numbers_resource(session, person))
    return home_of(session, person)


def home_of(session: Session, person: Person) -> HomeView:
    """As ``get_home``; the caller has asked the policy."""
    home = session.get(Household, person.household_id) if person.household_id else None
    today = clock.today()
    moves = session.scalars(
        select(HomeMove)
        .where(HomeMove.person_id == person.id)
        .order_by(HomeMove.moved_at.desc(), HomeMove.id.desc())
        .limit(MOST_MOVES)
    )
    return HomeView(
        person_id=person.id,
        name=person.name,
        example=person.example,
        division_code=person.division_code,
        township=get_division(session, person.division_code).name,
        village_name=home.village_name if home else "",
        house=(home.house or "") if home else "",
        relation=Relation(person.relation),
        heads=home is not None and person.relation in HEADS,
        members=[
            HomeMember(
                name=each.name,
                relation=Relation(each.relation),
                age=age_on(each.birth_date, today),
                own=each.id == person.id,
            )
            for each in members_of(session, person.household_id)
        ],
        moves=[
            HomeMoveView(
                from_village=row.from_village,
                to_village=row.to_village,
                relation=Relation(row.relation),
                way=MoveWay(row.way),
                recorded_by_name=row.recorded_by_name,
                moved_at=row.moved_at,
            )
            for row in moves
        ],
    )


def members_of(session: Session, household_id: UUID | None) -> list[Person]:
    """Who lives in a household, the eldest first."""
    if household_id is None:
        return []
    query = select(Person).where(Person.household_id == household_id)
    return list(session.scalars(query.order_by(Person.birth_date, Person.id)))
