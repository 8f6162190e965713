"""Reads of people. Rooms above scope their lists to the actor and ask here by id."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from core.access import Actor, Resource, Role, require
from core.crypto import blind_index
from core.errors import NotFound
from core.masking import masked_id, masked_phone
from core.searching import contains
from directory.public import division_path, division_path_of
from residents.identity import grouped_record_number
from residents.models import GroupMembership, Household, Person
from residents.ports import care_units
from residents.queries.known_by import masked_paper, papers_of
from residents.schemas import Action, IdentifierKind, OwnIdentity, PersonView

ID_TAIL = 4


def person_resource(person_id: UUID, division_code: str, care: Collection[str] = ()) -> Resource:
    """A person as the policy sees them; ``care`` are the units that care for them."""
    units = division_path(division_code)
    return Resource("Person", str(person_id), person_id, units, {"care": sorted(care)})


def _people() -> Select[Any]:
    groups = (
        select(func.array_agg(GroupMembership.group_code))
        .where(GroupMembership.person_id == Person.id)
        .scalar_subquery()
    )
    return select(Person, Household.village_name, groups.label("groups")).outerjoin(
        Household, Household.id == Person.household_id
    )


def people_by_id(session: Session, person_ids: Collection[UUID]) -> dict[UUID, PersonView]:
    """Views of these people, with one statement. The caller has asked the policy."""
    rows = session.execute(_people().where(Person.id.in_(set(person_ids))))
    return {row[0].id: _view(row) for row in rows}


def other_name(actor: Actor, person: PersonView) -> str | None:
    """As ``name_of_other``, of a person who was read already."""
    is_other = person.id != actor.person_id and actor.active_role is Role.RESIDENT
    return person.name if is_other else None


def name_of_other(session: Session, actor: Actor, person_id: UUID | None) -> str | None:
    """Whom a resident's page is about, where that is not themself: for the bar that says so. The
    caller has asked the policy.
    """
    if person_id in (None, actor.person_id) or actor.active_role is not Role.RESIDENT:
        return None
    return session.scalar(select(Person.name).where(Person.id == person_id))


def get_person(session: Session, actor: Actor, person_id: UUID) -> PersonView:
    """One person. Raises NotFound or Denied."""
    row = session.execute(_people().where(Person.id == person_id)).one_or_none()
    if row is None:
        raise NotFound()
    care = care_units(session, person_id)
    resource = person_resource(person_id, row[0].division_code, care)
    require(session, actor, Action.READ_PERSON, resource)
    return _view(row)


def find_own_identity(session: Session, actor: Actor) -> OwnIdentity | None:
    """What the actor sees of themself; None before the real-name check."""
    if actor.person_id is None:
        return None
    row = session.execute(_people().where(Person.id == actor.person_id)).one()
    person: Person = row[0]
    resource = person_resource(person.id, person.division_code)
    require(session, actor, Action.READ_PERSON, resource)
    paper = papers_of(session, [person]).get(person.id)
    other = paper if paper and paper.kind is not IdentifierKind.ID_CARD else None
    return OwnIdentity(
        **_view(row).model_dump(),
        masked_id_number=masked_id(person.id_number) if person.id_number else None,
        paper=masked_paper(other) if other else None,
        paper_kind=other.kind if other else None,
        masked_phone=masked_phone(person.phone) if person.phone else None,
        record_number=(
            grouped_record_number(person.record_number) if person.record_number else None
        ),
    )


def find_home(session: Session, actor: Actor) -> str | None:
    """The division the actor lives in, for what is near them; None before the real-name check."""
    return session.scalar(select(Person.division_code).where(Person.id == actor.person_id))


def matches(text: str, person: Any = Person) -> ColumnElement[bool]:
    """A condition on residents_person, or an alias of it: a part of the name, the last four of the
    ID number, or the whole health-record number.
    """
    tail = blind_index(text.upper(), "id-tail")
    record = blind_index(text.replace(" ", ""), "record-number")
    return or_(
        contains(person.name, text), person.id_tail_index == tail, person.record_index == record
    )


def is_of(person_id: Any, text: str) -> ColumnElement[bool]:
    """The condition that a column names somebody whom ``matches`` finds, for a list of rows about
    people that does not join them.
    """
    found = aliased(Person)
    return exists().where(found.id == person_id, matches(text, found))


def population_facts(session: Session) -> list[tuple[str, str, int]]:
    """How many people are registered by township and group; the group is "" for all of them."""
    everybody = (
        select(Person.division_code, literal(""), func.count())
        .where(Person.merged_into.is_(None))
        .group_by(Person.division_code)
    )
    grouped = (
        select(Person.division_code, GroupMembership.group_code, func.count())
        .join(GroupMembership, GroupMembership.person_id == Person.id)
        .group_by(Person.division_code, GroupMembership.group_code)
    )
    rows = session.execute(union_all(everybody, grouped))
    return [(division, group, count) for division, group, count in rows]


def _view(row: Any) -> PersonView:
    person: Person = row[0]
    return PersonView(
        id=person.id,
        name=person.name,
        sex=person.sex,
        birth_date=person.birth_date,
        division_code=person.division_code,
        village_name=row.village_name or "",
        groups=tuple(sorted(row.groups or ())),
        example=person.example,
    )


def records_of(session: Session, person_id: UUID) -> tuple[UUID, ...]:
    """All records of whoever this one is of: the one that they are known by now, then those that
    were merged into it; none where there is no such record.
    """
    up = (
        select(Person.id, Person.merged_into)
        .where(Person.id == person_id)
        .cte("record_up", recursive=True)
    )
    up = up.union(select(Person.id, Person.merged_into).where(Person.id == up.c.merged_into))
    down = select(up.c.id, literal(0).label("depth")).where(up.c.merged_into.is_(None))
    below = down.cte("record_down", recursive=True)
    below = below.union_all(
        select(Person.id, below.c.depth + 1).where(Person.merged_into == below.c.id)
    )
    query = select(below.c.id).order_by(below.c.depth, below.c.id)
    return tuple(session.scalars(query))


def records_found(text: str) -> CompoundSelect[tuple[UUID]]:
    """The ids of the records that ``matches`` finds, and of those that were merged into one."""
    found = aliased(Person)
    former = select(Person.id).join(found, found.id == Person.merged_into)
    return union_all(select(Person.id).where(matches(text)), former.where(matches(text, found)))


def standing(session: Session, person: Person) -> Person:
    """The record that a person is known by now: another one, where theirs was merged into it."""
    while person.merged_into is not None:
        person = session.get_one(Person, person.merged_into)
    return person


def find_by_number(session: Session, index: bytes | None) -> Person | None:
    """The person of the ID number with this blind index, also of a record that was merged."""
    person = session.scalar(select(Person).where(Person.id_index == index))
    return standing(session, person) if person else None


def places_lived_in(person_id: UUID) -> Select[str]:
    """The divisions in which a person lives: the township and those above it."""
    return select(division_path_of(Person.division_code.expression)).where(Person.id == person_id)
