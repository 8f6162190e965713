"""Who acts for a child, where the right comes from, and who may end it; and homes that changed."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from core.access import Actor, Resource, decide, require
from core.errors import NotFound
from residents.models import HomeMove, HouseholdBar, Person, Representation
from residents.queries.identifiers import numbers_resource
from residents.queries.people import standing
from residents.queries.representation import acts_by_household, came_of_age, live
from residents.schemas import (
    ActingAdult,
    BarSide,
    BarTold,
    Basis,
    HomeTold,
    HouseholdActing,
    HouseholdAction,
    Relation,
)

# What a child and an adult are to the household's head, where that makes the adult a parent.
PARENTS = {
    Relation.CHILD: (Relation.HEAD, Relation.SELF, Relation.SPOUSE),
    Relation.GRANDCHILD: (Relation.CHILD,),
    Relation.HEAD: (Relation.PARENT,),
    Relation.SELF: (Relation.PARENT,),
    Relation.SIBLING: (Relation.PARENT,),
}


def household_acting(session: Session, actor: Actor, person_id: UUID) -> HouseholdActing:
    """Who acts for a child. Raises NotFound (also of whoever is of age) or Denied."""
    child = child_of(session, person_id)
    home, bound = adults_of(session, child), bound_to(session, child)
    require(session, actor, HouseholdAction.READ, acting_resource(session, child, home, bound))
    adults = [*bound, *home]
    return HouseholdActing(
        person_id=child.id,
        name=child.name,
        adults=[
            ActingAdult(
                id=each.id,
                name=each.name,
                own=each.id == actor.person_id,
                by_document=each in bound,
                may_end=each not in bound
                and decide(
                    actor,
                    HouseholdAction.END,
                    acting_resource(session, child, home, bound, each.id),
                )[0],
            )
            for each in adults
        ],
    )


def child_of(session: Session, person_id: UUID) -> Person:
    """The child. Raises NotFound."""
    person = session.get(Person, person_id)
    child = standing(session, person) if person else None
    if child is None or child.birth_date <= came_of_age():
        raise NotFound()
    return child


def adults_of(session: Session, child: Person) -> list[Person]:
    """Who acts for a child by living with it, the eldest first."""
    of, adult = aliased(Person), aliased(Person)
    query = (
        select(adult)
        .join(of, acts_by_household(of, adult))
        .where(of.id == child.id)
        .order_by(adult.birth_date, adult.id)
    )
    return list(session.scalars(query))


def bound_to(session: Session, child: Person) -> list[Person]:
    """Who acts for a child by a document, the first first."""
    query = (
        select(Person)
        .join(Representation, Representation.representative_id == Person.id)
        .where(
            Representation.person_id == child.id,
            Representation.basis == Basis.CHILD,
            live(),
        )
        .order_by(Representation.since, Representation.id)
    )
    return list(session.scalars(query))


def acting_resource(
    session: Session,
    child: Person,
    home: list[Person],
    bound: list[Person],
    adult_id: UUID | None = None,
) -> Resource:
    """Acting for a child as the policy sees it: ``parents`` (by document, or by what both are to
    the household's head) may object, ``adult`` is who acts, ``kin`` are all who do.
    """
    numbers = numbers_resource(session, child)
    more = {
        **numbers.more,
        "adult": str(adult_id or ""),
        "parents": sorted(map(str, parents_of(child, home, bound))),
        "kin": sorted(str(each.id) for each in (*home, *bound)),
    }
    return Resource("HouseholdActing", str(child.id), child.id, numbers.units, more)


def parents_of(child: Person, home: list[Person], bound: list[Person]) -> set[UUID]:
    """Who may object: by a document, or by what both are to the household's head."""
    of_child = PARENTS.get(Relation(child.relation), ())
    return {each.id for each in (*bound, *(one for one in home if one.relation in of_child))}


def find_bar(session: Session, bar_id: UUID) -> BarTold | None:
    """An end of acting by household with who is told; nobody is asking."""
    bar = session.get(HouseholdBar, bar_id)
    if bar is None:
        return None
    child, adult = (session.get_one(Person, each) for each in (bar.person_id, bar.adult_id))
    others = [*adults_of(session, child), *bound_to(session, child)]
    return BarTold(
        child_id=child.id,
        child_name=child.name,
        adult_id=adult.id,
        adult_name=adult.name,
        side=BarSide(bar.side),
        others=sorted({each.id for each in others} - {adult.id}),
    )


def find_move(session: Session, move_id: UUID) -> HomeTold | None:
    """A change of home with who is told; None where only the relation changed, or it has changed
    again. Nobody is asking.
    """
    move = session.get(HomeMove, move_id)
    if move is None or move.from_household == move.to_household:
        return None
    person = session.get_one(Person, move.person_id)
    if person.household_id != move.to_household:
        return None
    of_age = came_of_age()
    together = select(HomeMove.person_id).where(
        HomeMove.from_household == move.from_household,
        HomeMove.to_household == move.to_household,
    )
    others = select(Person).where(Person.id != person.id, Person.id.not_in(together))
    there = session.scalars(others.where(Person.household_id == move.to_household)).all()
    before = session.scalars(others.where(Person.household_id == move.from_household)).all()
    children = [each for each in there if each.birth_date > of_age]
    grown = person.birth_date <= of_age
    kin = {each.id for child in children for each in bound_to(session, child)} if grown else set()
    joined = [each.id for each in there if each.birth_date <= of_age]
    return HomeTold(
        person_id=person.id,
        name=person.name,
        village=move.to_village,
        grown=grown,
        joined=sorted(joined),
        left=sorted(each.id for each in before if each.birth_date <= of_age),
        child_kin=sorted(kin - {person.id, *joined}),
        with_children=grown and bool(children),
    )
