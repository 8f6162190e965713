"""Who may act for whom."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
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
from core.errors import NotFound
from residents.models import HouseholdBar, Person, Representation
from residents.schemas import (
    Basis,
    Consent,
    ConsentAction,
    FamilyMember,
    RepresentationView,
    Scope,
    in_order,
)

OF_AGE = 18


def representatives_of(
    session: Session, person_id: UUID, scope: Scope = Scope.BOOK
) -> frozenset[UUID]:
    """Who may act for this person: for a child under 18 the adults of the household, and whoever
    the person let act for them.
    """
    child, adult = aliased(Person), aliased(Person)
    kin = select(adult.id).join(child, acts_by_household(child, adult)).where(child.id == person_id)
    named = select(Representation.representative_id).where(
        Representation.person_id == person_id,
        Representation.representative_id.is_not(None),
        *_in_force(scope),
    )
    return frozenset(session.scalars(union_all(kin, named)))


class Dependant(NamedTuple):
    """A child or ward, and who looks after them."""

    name: str
    carers: frozenset[UUID]


def carers_of(session: Session, person_ids: Collection[UUID]) -> dict[UUID, Dependant]:
    """Who reads what is said to those of these people who cannot answer for themselves: the adults
    of a child's household, and whoever staff bound to a child or ward by documents.
    """
    person, adult = aliased(Person), aliased(Person)
    household = (
        select(person.id, person.name, adult.id.label("carer"))
        .join(adult, acts_by_household(person, adult))
        .where(person.id.in_(person_ids))
    )
    bound = (
        select(person.id, person.name, Representation.representative_id.label("carer"))
        .join(Representation, Representation.person_id == person.id)
        .where(
            person.id.in_(person_ids),
            Representation.representative_id.is_not(None),
            Representation.basis.in_((Basis.CHILD, Basis.WARD)),
            live(),
        )
    )
    found: dict[UUID, Dependant] = {}
    rows: Any = session.execute(union_all(household, bound))
    for row in rows:
        known = found.get(row.id, Dependant(row.name, frozenset()))
        found[row.id] = known._replace(carers=known.carers | {row.carer})
    return found


def represented_by(session: Session, person_id: UUID, scope: Scope = Scope.BOOK) -> frozenset[UUID]:
    """For whom this person may act: the other side of ``representatives_of``."""
    return frozenset(session.scalars(_represented(person_id, scope)))


def family_of(
    session: Session, actor: Actor, scope: Scope | None = Scope.BOOK
) -> list[FamilyMember]:
    """For whom the actor may do this, or anything where it is None, the youngest last; nobody
    before the real-name check.
    """
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
            Representation.until,
            Representation.scopes,
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
        .where(Representation.person_id == actor.person_id, live())
        .order_by(Representation.since.desc(), Representation.id)
    )
    return [consent_view(row) for row in session.scalars(query)]


def get_consent(session: Session, actor: Actor, representation_id: UUID) -> RepresentationView:
    """One that the actor gave and may change. Raises NotFound or Denied."""
    row = session.get(Representation, representation_id)
    if row is None:
        raise NotFound()
    require(session, actor, ConsentAction.CHANGE, consent_resource(row))
    return consent_view(row)


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
            Representation.basis,
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
        scopes=in_order(row.scopes),
        basis=Basis(row.basis),
        since=row.since,
        until=row.until,
        ended_at=row.ended_at,
    )


def consent_resource(row: Representation) -> Resource:
    """A consent as the policy sees it: of the person, and of the one who acts for them; ``checked``
    where it hangs on documents that staff saw.
    """
    checked = row.basis in (Basis.CHILD, Basis.WARD)
    more = {"representative": str(row.representative_id or ""), "checked": checked}
    return Resource("Representation", str(row.id), row.person_id, more=more)


def _own(actor: Actor) -> Resource:
    own = str(actor.person_id or "")
    return Resource(
        "Representation", own, actor.person_id, more={"representative": "", "checked": False}
    )


def live() -> ColumnElement[bool]:
    """The condition that a representation is in force: not ended, and its last day not over."""
    return and_(
        Representation.ended_at.is_(None),
        or_(Representation.until.is_(None), Representation.until >= clock.today()),
    )


def _in_force(scope: Scope | None) -> tuple[ColumnElement[bool], ...]:
    if scope is None:
        return (live(),)
    return (live(), literal(scope.value) == any_(Representation.scopes))


def acts_by_household(child: Any, adult: Any) -> ColumnElement[bool]:
    """The condition that an adult acts for a child by living with it: nobody ended that, and no
    document says what they may do instead, nor ever did.
    """
    of_age = came_of_age()
    ended = select(HouseholdBar.id).where(
        HouseholdBar.person_id == child.id, HouseholdBar.adult_id == adult.id
    )
    bound = aliased(Representation)
    replaced = select(bound.id).where(
        bound.person_id == child.id,
        bound.representative_id == adult.id,
        bound.basis == Basis.CHILD,
    )
    return and_(
        adult.household_id == child.household_id,
        child.birth_date > of_age,
        adult.birth_date <= of_age,
        ~ended.correlate_except(HouseholdBar).exists(),
        ~replaced.correlate_except(bound).exists(),
    )


def _represented(person_id: UUID, scope: Scope | None) -> CompoundSelect[tuple[UUID]]:
    child, adult = aliased(Person), aliased(Person)
    children = (
        select(child.id).join(adult, acts_by_household(child, adult)).where(adult.id == person_id)
    )
    givers = (
        select(Representation.person_id)
        .join(Person, Person.id == Representation.person_id)
        .where(
            Representation.representative_id == person_id,
            Person.merged_into.is_(None),
            *_in_force(scope),
        )
    )
    return union_all(children, givers)


def came_of_age() -> date:
    """Whoever was born on this day or before is of age (18 years, Civil Code article 17)."""
    return born_by(OF_AGE)


def born_by(years: int) -> date:
    """The last birth date of those who have completed so many years today; who was born on 29
    February completes them on 1 March.
    """
    today = clock.today()
    leap_day = (today.month, today.day) == (2, 29)
    return today.replace(year=today.year - years, day=28 if leap_day else today.day)


def last_day_as_child(born: date) -> date:
    """The day before somebody comes of age."""
    leap_day = (born.month, born.day) == (2, 29)
    first = date(born.year + OF_AGE, 3, 1) if leap_day else born.replace(year=born.year + OF_AGE)
    return first - timedelta(days=1)


def may_act(session: Session, actor: Actor, person_id: UUID, scope: Scope) -> bool:
    """Whether the actor may do this for somebody as a person: for themself, or as one who may act
    for them. Of what they may as staff it says nothing.
    """
    if actor.person_id is None or actor.person_id == person_id:
        return actor.person_id is not None
    return actor.verified and actor.person_id in representatives_of(session, person_id, scope)


def acting(actor: Actor, person_id: UUID, representatives: Collection[UUID | str]) -> Actor:
    """The actor as the audit is to name them: acting for the person where they are one of
    ``representatives`` (ids of ``representatives_of``, or their text), otherwise as they are.
    """
    if actor.person_id == person_id or str(actor.person_id) not in map(str, representatives):
        return actor
    return replace(actor, acting_for=person_id)
