"""What those who care for a person see beside their name: who acts for them, and their labels."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from core.access import Actor, require
from residents.models import GroupMembership, Person, Representation
from residents.ports import groups
from residents.queries.labels import HOLDING, label_view
from residents.queries.people import person_resource
from residents.queries.representation import acts_by_household, came_of_age, live
from residents.schemas import (
    ActsFor,
    Basis,
    CareAction,
    LabelAction,
    LabelView,
    PersonView,
    Scope,
    in_order,
)


def who_acts_for(
    session: Session, actor: Actor, person: PersonView, care: tuple[str, ...]
) -> list[ActsFor]:
    """Who may act for a person whom the units of ``care`` serve: named ones by name, then for a
    child the adults of the household. Raises Denied.
    """
    resource = person_resource(person.id, person.division_code, care)
    require(session, actor, CareAction.READ_REPRESENTATIVES, resource)
    query = (
        select(Representation)
        .where(Representation.person_id == person.id, live())
        .order_by(Representation.since, Representation.id)
    )
    named = [
        ActsFor(
            name=row.representative_name,
            basis=Basis(row.basis),
            scopes=in_order(row.scopes),
            until=row.until,
        )
        for row in session.scalars(query)
    ]
    return [*named, *_household(session, person.id, person.birth_date)]


def labels_now(
    session: Session, actor: Actor, person: PersonView, care: tuple[str, ...]
) -> list[LabelView]:
    """The labels that hold of a person whom the units of ``care`` serve, by code. Raises Denied."""
    resource = person_resource(person.id, person.division_code, care)
    require(session, actor, LabelAction.READ, resource)
    known = {group.code: group for group in groups(session)}
    rows = session.scalars(
        select(GroupMembership)
        .where(GroupMembership.person_id == person.id)
        .order_by(GroupMembership.group_code)
    )
    return [label_view(row, known, HOLDING) for row in rows]


def _household(session: Session, person_id: UUID, born: date) -> list[ActsFor]:
    if born <= came_of_age():
        return []
    child = aliased(Person)
    query = (
        select(Person.name)
        .join(child, acts_by_household(child, Person))
        .where(child.id == person_id)
        .order_by(Person.birth_date, Person.id)
    )
    return [
        ActsFor(name=name, basis=Basis.CHILD, scopes=tuple(Scope), until=None)
        for name in session.scalars(query)
    ]
