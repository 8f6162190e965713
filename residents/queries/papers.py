"""Whose a paper is, who looks the same as whoever is on it, and what staff did about either."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access import Resource
from residents.models import Identifier, IdentityStep, Person
from residents.queries.known_by import Paper, identifier_index, masked_paper, papers_of
from residents.queries.people import standing
from residents.schemas import PAPERS, Alike, FormerIdentity, IdentifierKind, Sex, Step, StepView

# Names and birth dates are shared by few; more would be no help to whoever chooses.
MOST_ALIKE = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """Who stands on a paper."""

    name: str
    sex: str
    birth_date: date


def holders(session: Session, paper: Paper) -> list[Person]:
    """Whoever a paper is of: one person, of a household book all who live there. The state of a
    passport was not always written down.
    """
    query = (
        select(Person)
        .join(Identifier, Identifier.person_id == Person.id)
        .where(
            Identifier.kind == paper.kind.value,
            Identifier.issuer.in_({paper.issuer, ""}),
            Identifier.number_index == paper.index,
        )
        .order_by(Person.id)
    )
    return _standing(session, query)


def find_by_paper(
    session: Session, name: str, number: str, kind: IdentifierKind | None = None
) -> Person | None:
    """The one of this name whose paper, of ``kind`` or any that says who somebody is, has this
    number; None also where there are two. The caller has asked the policy.
    """
    kinds = PAPERS if kind is None else (kind,)
    query = (
        select(Person)
        .join(Identifier, Identifier.person_id == Person.id)
        .where(Identifier.kind.in_(kinds), Identifier.number_index == identifier_index(number))
    )
    named = [person for person in _standing(session, query) if person.name == name]
    return named[0] if len(named) == 1 else None


def alike(session: Session, facts: Facts, same_paper: Collection[Person]) -> list[Alike]:
    """Who known here may be the one on a paper: whose it is, and who has this name, sex and birth
    date.
    """
    query = select(Person).where(
        Person.name == facts.name,
        Person.sex == facts.sex,
        Person.birth_date == facts.birth_date,
        Person.merged_into.is_(None),
    )
    named = session.scalars(query.order_by(Person.id).limit(MOST_ALIKE)).all()
    people = {each.id: each for each in (*same_paper, *named)}
    papers = papers_of(session, people.values())
    theirs = {each.id for each in same_paper}
    return [_alike(each, papers.get(each.id), each.id in theirs) for each in people.values()]


def steps_of(session: Session, person_id: UUID) -> list[StepView]:
    """What staff did about who somebody is, the oldest first. The caller has asked the policy."""
    query = select(IdentityStep).where(IdentityStep.person_id == person_id)
    rows = session.scalars(query.order_by(IdentityStep.at, IdentityStep.id))
    return [
        StepView(
            step=Step(row.step),
            kind=IdentifierKind(row.kind),
            former_name=(
                FormerIdentity.model_validate_json(row.former).name if row.former else None
            ),
            by_name=row.by_name,
            at=row.at,
        )
        for row in rows
    ]


def desk_resource(units: Sequence[str], person_id: UUID | None = None) -> Resource:
    """The desk of an institution as the policy sees it, and who of those known is at it."""
    return Resource("Registration", "desk", person_id, tuple(units))


def same_paper(session: Session, paper: Paper, facts: Facts) -> list[Person]:
    """Whose a paper is; of a household book only who has this name, as others live there too."""
    found = holders(session, paper)
    if paper.kind is IdentifierKind.HOUSEHOLD_BOOK:
        return [person for person in found if person.name == facts.name]
    return found


def _standing(session: Session, query: Select[Person]) -> list[Person]:
    """The records in use of those found, each once."""
    found = [standing(session, person) for person in session.scalars(query).all()]
    return list({person.id: person for person in found}.values())


def _alike(person: Person, paper: Paper | None, same: bool) -> Alike:
    return Alike(
        id=person.id,
        name=person.name,
        sex=Sex(person.sex),
        birth_date=person.birth_date,
        division_code=person.division_code,
        kind=paper.kind if paper else IdentifierKind.ID_CARD,
        paper=masked_paper(paper),
        same_paper=same,
    )
