"""Who signs for somebody who does not sign for themself: a child under 18, or a ward."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, any_, exists, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from residents.models import Person, Representation
from residents.queries.representation import acts_by_household, live
from residents.schemas import Basis, Scope

DOCUMENTED = (Basis.CHILD.value, Basis.WARD.value)
_ADULT = aliased(Person)


@dataclass(frozen=True, slots=True)
class Stander:
    """One who signs for another, and what the other is to them."""

    person: Person
    relation: Literal["child", "ward"]


def has_stander(scope: Scope) -> ColumnElement[bool]:
    """The condition that a person is a child or ward for whom somebody may do this."""
    return or_(exists().where(_kin()), exists().where(_bound(scope)))


def is_ward() -> ColumnElement[bool]:
    """The condition that a person has a guardian, whatever that one may do."""
    ward = Representation.basis == Basis.WARD.value
    return exists().where(Representation.person_id == Person.id, ward, live())


def standers(
    session: Session, person_ids: Collection[UUID], scope: Scope
) -> dict[UUID, list[Stander]]:
    """Who may do this for each of these people, with one statement: the adults of a child's
    household, and whom staff saw by documents to be parent or guardian.
    """
    if not person_ids:
        return {}
    among = Person.id.in_(set(person_ids))
    kin = select(Person.id, _ADULT.id.label("by"), literal(Basis.CHILD.value).label("basis"))
    bound = select(Person.id, Representation.representative_id, Representation.basis)
    rows = union_all(
        kin.join(_ADULT, _kin()).where(among),
        bound.join(Representation, _bound(scope)).where(among),
    ).subquery()
    query = select(rows.c.id, rows.c.basis, Person).join(Person, Person.id == rows.c.by)
    found: dict[UUID, list[Stander]] = {}
    for of, basis, other in session.execute(query.order_by(rows.c.id, rows.c.basis, Person.id)):
        each = Stander(other, "ward" if basis == Basis.WARD else "child")
        known = found.setdefault(of, [])
        if each not in known:
            known.append(each)
    return found


def _kin() -> ColumnElement[bool]:
    """An adult of a child's household."""
    return and_(acts_by_household(Person, _ADULT), _ADULT.merged_into.is_(None))


def _bound(scope: Scope) -> ColumnElement[bool]:
    return and_(
        Representation.person_id == Person.id,
        Representation.representative_id.is_not(None),
        Representation.basis.in_(DOCUMENTED),
        literal(scope.value) == any_(Representation.scopes),
        live(),
    )
