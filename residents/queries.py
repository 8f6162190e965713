"""Reads of people. Rooms above scope their lists to the actor and ask here by id."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from core import clock
from core.access import Actor, Resource, require
from core.crypto import blind_index
from core.errors import NotFound
from core.masking import masked_id, masked_phone
from directory.public import contains, division_path, division_path_of
from residents.models import GroupMembership, Household, Person, Representation
from residents.ports import care_units
from residents.schemas import (
    Action,
    Basis,
    Consent,
    ConsentAction,
    FamilyMember,
    OwnIdentity,
    PersonView,
    RepresentationView,
    Scope,
)

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
    return OwnIdentity(
        **_view(row).model_dump(),
        masked_id_number=masked_id(person.id_number),
        masked_phone=masked_phone(person.phone) if person.phone else None,
    )


def find_home(session: Session, actor: Actor) -> str | None:
    """The division the actor lives in, for what is near them; None before the real-name check."""
    return session.scalar(select(Person.division_code).where(Person.id == actor.person_id))


def matches(text: str) -> ColumnElement[bool]:
    """A condition on residents_person: a part of the name, or the last four of the ID number."""
    tail = blind_index(text.upper(), "id-tail")
    return or_(contains(Person.name, text), Person.id_tail_index == tail)


def population_facts(session: Session) -> list[tuple[str, str, int]]:
    """How many people are registered by township and group; the group is "" for all of them."""
    everybody = select(Person.division_code, literal(""), func.count()).group_by(
        Person.division_code
    )
    grouped = (
        select(Person.division_code, GroupMembership.group_code, func.count())
        .join(GroupMembership, GroupMembership.person_id == Person.id)
        .group_by(Person.division_code, GroupMembership.group_code)
    )
    rows = session.execute(union_all(everybody, grouped))
    return [(division, group, count) for division, group, count in rows]


def representatives_of(
    session: Session, person_id: UUID, scope: Scope = Scope.BOOK
) -> frozenset[UUID]:
    """Who may act for this person: for a child under 18 the adults of the household, and whoever
    the person let act for them.
    """
    child, adult = aliased(Person), aliased(Person)
    of_age = came_of_age()
    kin = (
        select(adult.id)
        .join(child, child.household_id == adult.household_id)
        .where(child.id == person_id, child.birth_date > of_age, adult.birth_date <= of_age)
    )
    named = select(Representation.representative_id).where(
        Representation.person_id == person_id,
        Representation.representative_id.is_not(None),
        *_in_force(scope),
    )
    return frozenset(session.scalars(union_all(kin, named)))


def represented_by(session: Session, person_id: UUID, scope: Scope = Scope.BOOK) -> frozenset[UUID]:
    """For whom this person may act: the other side of ``representatives_of``."""
    return frozenset(session.scalars(_represented(person_id, scope)))


def family_of(session: Session, actor: Actor, scope: Scope = Scope.BOOK) -> list[FamilyMember]:
    """For whom the actor may act, the youngest last; nobody before the real-name check."""
    if actor.person_id is None:
        return []
    require(session, actor, ConsentAction.READ, _own(actor))
    given = and_(
        Representation.person_id == Person.id,
        Representation.representative_id == actor.person_id,
        *_in_force(scope),
    )
    query = (
        select(
            Person.id,
            Person.name,
            Person.sex,
            Person.birth_date,
            func.coalesce(Representation.basis, Basis.CHILD.value).label("basis"),
            Representation.id.label("representation_id"),
            Representation.since,
        )
        .outerjoin(Representation, given)
        .where(Person.id.in_(_represented(actor.person_id, scope)))
        .order_by(Person.birth_date, Person.id)
    )
    return [FamilyMember.model_validate(row) for row in session.execute(query)]


def list_consents(session: Session, actor: Actor) -> list[RepresentationView]:
    """Whom the actor lets act for them, the newest first."""
    if actor.person_id is None:
        return []
    require(session, actor, ConsentAction.READ, _own(actor))
    query = (
        select(Representation)
        .where(Representation.person_id == actor.person_id, Representation.ended_at.is_(None))
        .order_by(Representation.since.desc(), Representation.id)
    )
    return [consent_view(row) for row in session.scalars(query)]


def household_adults(session: Session, actor: Actor) -> list[tuple[UUID, str]]:
    """(id, name) of the other adults of the actor's household."""
    if actor.person_id is None:
        return []
    require(session, actor, ConsentAction.READ, _own(actor))
    own = aliased(Person)
    query = (
        select(Person.id, Person.name)
        .join(own, own.household_id == Person.household_id)
        .where(
            own.id == actor.person_id,
            Person.id != actor.person_id,
            Person.birth_date <= came_of_age(),
        )
        .order_by(Person.birth_date, Person.id)
    )
    return [(row.id, row.name) for row in session.execute(query)]


def find_consent(session: Session, representation_id: UUID) -> Consent | None:
    """A consent with both sides, for telling them; nobody is asking."""
    query = (
        select(
            Representation.person_id,
            Person.name.label("person_name"),
            Representation.representative_id,
            Representation.representative_name,
        )
        .join(Person, Person.id == Representation.person_id)
        .where(Representation.id == representation_id)
    )
    row = session.execute(query).one_or_none()
    return Consent.model_validate(row) if row else None


def consent_view(row: Representation) -> RepresentationView:
    """A consent as its giver sees it."""
    return RepresentationView(
        id=row.id,
        name=row.representative_name,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        basis=Basis(row.basis),
        since=row.since,
        ended_at=row.ended_at,
    )


def consent_resource(row: Representation) -> Resource:
    """A consent as the policy sees it: of the person, and of the one who acts for them."""
    more = {"representative": str(row.representative_id or "")}
    return Resource("Representation", str(row.id), row.person_id, more=more)


def _own(actor: Actor) -> Resource:
    own = str(actor.person_id or "")
    return Resource("Representation", own, actor.person_id, more={"representative": ""})


def _in_force(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    return (Representation.ended_at.is_(None), literal(scope.value) == any_(Representation.scopes))


def _represented(person_id: UUID, scope: Scope) -> CompoundSelect[tuple[UUID]]:
    child, adult = aliased(Person), aliased(Person)
    of_age = came_of_age()
    children = (
        select(child.id)
        .join(adult, adult.household_id == child.household_id)
        .where(adult.id == person_id, child.birth_date > of_age, adult.birth_date <= of_age)
    )
    givers = select(Representation.person_id).where(
        Representation.representative_id == person_id, *_in_force(scope)
    )
    return union_all(children, givers)


def came_of_age() -> date:
    """Whoever was born on this day or before is of age (18 years, Civil Code article 17)."""
    today = clock.today()
    leap_day = (today.month, today.day) == (2, 29)
    return today.replace(year=today.year - 18, day=28 if leap_day else today.day)


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


def places_lived_in(person_id: UUID) -> Select[str]:
    """The divisions in which a person lives: the township and those above it."""
    return select(division_path_of(Person.division_code.expression)).where(Person.id == person_id)
