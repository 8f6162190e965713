"""A person's health labels, those that hold and those that held."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from core.errors import NotFound
from residents.models import FormerMembership, GroupMembership, Person
from residents.ports import care_units, groups
from residents.queries.people import person_resource
from residents.schemas import GroupChoice, LabelAction, LabelBook, LabelView

# Codes of contract_group that hang on the birth date, or on being in no other.
CHILD_GROUP, ELDERLY_GROUP, GENERAL_GROUP = "02", "03", "10"
BY_RULE = frozenset({CHILD_GROUP, ELDERLY_GROUP, GENERAL_GROUP})
MOST_FORMER = 50
HOLDING = ("group_code", "source", "since", "note", "set_by_name")
ENDED = ("ended_on", "ended_source", "ended_note", "ended_by_name")


def cared_for(session: Session, person_id: UUID) -> tuple[Person, Resource]:
    """A person, and as the policy sees them with those who care for them. Raises NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound()
    care = care_units(session, person_id)
    return person, person_resource(person.id, person.division_code, care)


def get_labels(session: Session, actor: Actor, person_id: UUID) -> LabelBook:
    """A person's labels for those who care for them. Raises NotFound or Denied."""
    _, resource = cared_for(session, person_id)
    require(session, actor, LabelAction.READ, resource)
    return read_labels(session, person_id)


def read_labels(session: Session, person_id: UUID) -> LabelBook:
    """As ``get_labels``; the caller has asked the policy."""
    named = {group.code: group for group in groups(session)}
    current = session.scalars(
        select(GroupMembership)
        .where(GroupMembership.person_id == person_id)
        .order_by(GroupMembership.group_code)
        .execution_options(populate_existing=True)
    )
    former = session.scalars(
        select(FormerMembership)
        .where(FormerMembership.person_id == person_id)
        .order_by(FormerMembership.ended_on.desc(), FormerMembership.id.desc())
        .limit(MOST_FORMER)
    )
    return LabelBook(
        person_id=person_id,
        current=[label_view(row, named, HOLDING) for row in current],
        former=[label_view(row, named, (*HOLDING, *ENDED)) for row in former],
    )


def groups_of(session: Session, person_id: UUID) -> set[str]:
    """The codes of a person's groups now. The caller has asked the policy."""
    query = select(GroupMembership.group_code).where(GroupMembership.person_id == person_id)
    return set(session.scalars(query))


def groups_to_set(session: Session) -> list[GroupChoice]:
    """The groups that staff set: all but those that follow from a rule."""
    return [group for group in groups(session) if group.code not in BY_RULE]


def label_view(row: Any, named: Mapping[str, GroupChoice], fields: tuple[str, ...]) -> LabelView:
    """A row as those who care for the person see it."""
    group = named.get(row.group_code)
    values = {field: getattr(row, field) for field in fields}
    return LabelView(
        name=group.name if group else row.group_code,
        name_en=group.name_en if group else row.group_code,
        by_rule=row.group_code in BY_RULE,
        **values,
    )
