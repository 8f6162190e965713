"""Reads of entitlements: one's own, or of a person whom one's team serves."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Resource, Role, require
from core.paging import Page, read_page
from core.searching import any_contains
from residents.public import Person, acting, care_units, matches, people_by_id
from residents.schemas import PersonSearch, PersonView, Scope
from service_packs.models import Entitlement, EntitlementItem, Item, Order, Pack
from service_packs.queries.kin import kin_of
from service_packs.schemas import (
    Action,
    EntitlementItemView,
    EntitlementSearch,
    EntitlementView,
    Source,
)


def entitled(session: Session, person_id: UUID, kin: Sequence[str] = ()) -> Resource:
    """A person as the policy sees them here: with the units that care for them, and ``kin`` who may
    see their records.
    """
    care = care_units(session, person_id)
    return Resource("Entitled", str(person_id), person_id, care, more={"kin": list(kin)})


def own_teams(actor: Actor) -> list[UUID]:
    """The units of the actor's team roles that can be a team: those that are no division."""
    units = actor.units(Role.LEADER, Role.MEMBER)
    return [UUID(unit) for unit in sorted(units) if not unit.isdigit()]


def require_own_teams(session: Session, actor: Actor) -> list[UUID]:
    """The actor's teams, each asked of the policy."""
    teams = own_teams(actor)
    for team in teams:
        require(session, actor, Action.READ_TEAM_RECORDS, serving_team(team))
    return teams


def serving_team(team_id: UUID) -> Resource:
    """A team as the policy sees it."""
    return Resource("ServingTeam", str(team_id), None, (str(team_id),))


def in_force() -> ColumnElement[bool]:
    """A condition on entitlements: not ended, and the term not over (it may still begin)."""
    return Entitlement.ended_at.is_(None) & (Entitlement.ends_on >= clock.today())


def list_entitlements(
    session: Session, actor: Actor, search: EntitlementSearch
) -> Page[EntitlementView]:
    """Entitlements in force of a person, those that end first first. Raises Denied."""
    person_id = search.person_id or actor.person_id
    if person_id is None:
        return Page(items=[])
    kin = kin_of(session, actor, person_id, Scope.SEE_RECORDS)
    asking = acting(actor, person_id, kin)
    require(session, asking, Action.READ_ENTITLEMENTS, entitled(session, person_id, kin))
    order = [Entitlement.ends_on, Entitlement.id]
    query = _entitlements(*order).where(Entitlement.person_id == person_id, in_force())
    if search.search:
        query = query.where(any_contains(search.search, Pack.name, Pack.name_en))
    rows, following = read_page(session, query, order, search)
    return Page(items=views(session, rows), next_cursor=following)


def find_granted(session: Session, source: str, source_id: UUID) -> EntitlementView | None:
    """What a source gave. The caller has asked the policy."""
    query = _entitlements().where(Entitlement.source == source, Entitlement.source_id == source_id)
    found = views(session, session.execute(query).all())
    return found[0] if found else None


class Bought(NamedTuple):
    """What a paid order gave, and what the person paid for it (fen)."""

    granted: EntitlementView
    paid_fen: int


def list_bought(session: Session, person_id: UUID) -> list[Bought]:
    """The packs in force that a person ordered and paid. The caller has asked the policy."""
    return _bought(session, Entitlement.person_id == person_id, in_force())


def find_bought(session: Session, order_id: UUID) -> Bought | None:
    """What a paid order gave, also after its term; None where it was ended. The caller has asked
    the policy.
    """
    found = _bought(session, Order.id == order_id, Entitlement.ended_at.is_(None))
    return found[0] if found else None


def find_people(session: Session, actor: Actor, search: PersonSearch) -> Page[PersonView]:
    """People with an entitlement in force whom the actor's teams serve, by name or last four.

    Without a search text nobody is listed: the list is for finding, not for browsing.
    """
    teams = require_own_teams(session, actor)
    if not search.search or not teams:
        return Page(items=[])
    served = exists().where(
        Entitlement.person_id == Person.id, Entitlement.team_id.in_(teams), in_force()
    )
    query = select(Person.id).where(matches(search.search), served)
    rows, following = read_page(session, query, [Person.id.expression], search)
    people = people_by_id(session, [row[0] for row in rows])
    return Page(items=[people[row[0]] for row in rows], next_cursor=following)


def _bought(session: Session, *conditions: ColumnElement[bool]) -> list[Bought]:
    query = (
        _entitlements(Order.person_fen)
        .join(Order, Order.id == Entitlement.source_id)
        .where(Entitlement.source == Source.ORDER, *conditions)
        .order_by(Entitlement.ends_on, Entitlement.id)
    )
    rows = session.execute(query).all()
    paid = [row.person_fen for row in rows]
    return [Bought(*each) for each in zip(views(session, rows), paid, strict=True)]


def _entitlements(*more: Any) -> Select[Any]:
    names = (Pack.name.label("pack_name"), Pack.name_en.label("pack_name_en"), Pack.example)
    return select(Entitlement, *names, *more).join(Pack, Pack.code == Entitlement.pack_code)


def views(session: Session, rows: Sequence[Any]) -> list[EntitlementView]:
    """Rows of ``_entitlements`` with their items, by one more statement."""
    items = _items(session, [row[0].id for row in rows])
    return [
        EntitlementView(
            id=row[0].id,
            person_id=row[0].person_id,
            pack_code=row[0].pack_code,
            pack_name=row.pack_name,
            pack_name_en=row.pack_name_en,
            example=row.example,
            source=row[0].source,
            source_id=row[0].source_id,
            starts_on=row[0].starts_on,
            ends_on=row[0].ends_on,
            ended_at=row[0].ended_at,
            items=tuple(items[row[0].id]),
        )
        for row in rows
    ]


def _items(
    session: Session, entitlement_ids: Collection[UUID]
) -> defaultdict[UUID, list[EntitlementItemView]]:
    found: defaultdict[UUID, list[EntitlementItemView]] = defaultdict(list)
    if not entitlement_ids:
        return found
    rows = session.execute(
        select(
            EntitlementItem.entitlement_id,
            EntitlementItem.id,
            EntitlementItem.item_code,
            Item.name,
            Item.name_en,
            Item.unit,
            EntitlementItem.times_total,
            EntitlementItem.times_used,
            (EntitlementItem.times_total - EntitlementItem.times_used).label("times_left"),
        )
        .join(Item, Item.code == EntitlementItem.item_code)
        .where(EntitlementItem.entitlement_id.in_(entitlement_ids))
        .order_by(EntitlementItem.item_code)
    )
    for row in rows:
        found[row.entitlement_id].append(EntitlementItemView.model_validate(row))
    return found
