"""By which numbers a person is known, and who a number is of."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, Role, decide, require
from core.crypto import blind_index
from core.errors import NotFound
from core.masking import masked_id, masked_number
from directory.public import division_path
from residents.identity import grouped_record_number
from residents.models import Identifier, Person
from residents.ports import care_units
from residents.queries.duplicates import units_of
from residents.queries.known_by import identifier_index
from residents.queries.papers import steps_of
from residents.queries.people import find_by_number, people_by_id, standing
from residents.schemas import (
    FindByNumber,
    IdentifierAction,
    IdentifierBook,
    IdentifierKind,
    IdentifierSource,
    IdentifierView,
    PersonView,
)

FIND_ROLES = (Role.REGISTRAR, Role.ADMINISTRATOR, Role.LEADER, Role.MEMBER)


def numbers_resource(session: Session, person: Person) -> Resource:
    """A person's numbers as the policy sees them: who cares for them, and the desks of the place
    that they live in.
    """
    more = {
        "care": sorted(care_units(session, person.id)),
        "desk": units_of(session, {person.division_code}),
    }
    units = tuple(division_path(person.division_code))
    return Resource("Numbers", str(person.id), person.id, units, more)


def get_identifiers(session: Session, actor: Actor, person_id: UUID) -> IdentifierBook:
    """All numbers of a person, masked. Raises NotFound or Denied."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound()
    person = standing(session, person)
    require(session, actor, IdentifierAction.READ, numbers_resource(session, person))
    return book_of(session, person)


def may_read_numbers(session: Session, actor: Actor, person_id: UUID) -> bool:
    """Whether the actor sees this person's numbers, for a link to them; nothing is read."""
    resource = numbers_resource(session, session.get_one(Person, person_id))
    return decide(actor, IdentifierAction.READ, resource)[0]


def book_of(session: Session, person: Person) -> IdentifierBook:
    """As ``get_identifiers``; the caller has asked the policy."""
    rows = session.scalars(
        select(Identifier)
        .where(Identifier.person_id == person.id)
        .order_by(Identifier.kind, Identifier.created_at, Identifier.id)
    )
    merged = session.execute(
        select(Person.id_number, Person.record_number).where(Person.merged_into == person.id)
    ).all()
    number = person.record_number
    return IdentifierBook(
        person_id=person.id,
        name=person.name,
        example=person.example,
        record_number=grouped_record_number(number) if number else None,
        masked_id_number=masked_id(person.id_number) if person.id_number else None,
        former_numbers=[masked_number(each) for row in merged for each in row if each is not None],
        identifiers=[_view(row) for row in rows],
        steps=steps_of(session, person.id),
    )


def find_by_any_number(session: Session, actor: Actor, search: FindByNumber) -> list[PersonView]:
    """Whoever is known by a whole number of any kind, also by one of a merged record, of those
    whose numbers the actor may read. Raises Denied for one without a place.
    """
    units = tuple(sorted(actor.units(*FIND_ROLES)))
    mine = Resource("Numbers", "list", None, units, {"care": [], "desk": []})
    require(session, actor, IdentifierAction.FIND, mine)
    if not search.number:
        return []
    number = search.number.replace(" ", "")
    found = [
        find_by_number(session, blind_index(number, "id-number")),
        *_others(session, number),
    ]
    seen = {person.id: standing(session, person) for person in found if person}
    readable = {person.id: numbers_resource(session, person) for person in seen.values()}
    readable = {
        person_id: resource
        for person_id, resource in readable.items()
        if decide(actor, IdentifierAction.READ, resource)[0]
    }
    for resource in readable.values():
        require(session, actor, IdentifierAction.READ, resource)
    return list(people_by_id(session, readable.keys()).values()) if readable else []


def _others(session: Session, number: str) -> list[Person]:
    by_record = select(Person).where(Person.record_index == blind_index(number, "record-number"))
    by_paper = (
        select(Person)
        .join(Identifier, Identifier.person_id == Person.id)
        .where(Identifier.number_index == identifier_index(number))
    )
    return [*session.scalars(by_record), *session.scalars(by_paper)]


def _view(row: Identifier) -> IdentifierView:
    return IdentifierView(
        id=row.id,
        kind=IdentifierKind(row.kind),
        issuer=row.issuer,
        masked_number=masked_number(row.number),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        source=IdentifierSource(row.source),
        recorded_by_name=row.recorded_by_name,
    )
