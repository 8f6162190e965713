"""The catalogue. It is public, so nothing is scoped to an actor here."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import NotFound
from core.paging import Listing, Page
from core.searching import any_contains
from residents.public import people_by_id
from service_packs.models import Group, Item, Pack, PackItem
from service_packs.schemas import GroupView, PackDetail, PackItemView, PackSearch, PackView

# Statements are built once, on the tables themselves: everybody looks at the catalogue.
PACK, GROUP = Pack.__table__, Group.__table__
GROUPS = select(*(GROUP.c[name] for name in GroupView.model_fields)).order_by(GROUP.c.code)
# The packs for everybody come first.
ORDER: tuple[ColumnElement[Any], ...] = (func.coalesce(PACK.c.group_code, ""), PACK.c.code)
PACKS: Select[Any] = select(
    PACK.c.name,
    PACK.c.name_en,
    PACK.c.group_code,
    GROUP.c.name.label("group_name"),
    GROUP.c.name_en.label("group_name_en"),
    PACK.c.tier,
    PACK.c.list_price_fen,
    PACK.c.price_fen,
    PACK.c.public_health_fen,
    PACK.c.insurance_fen,
    PACK.c.person_fen,
    PACK.c.example,
    PACK.c.withdrawn_at.is_not(None).label("withdrawn"),
    *ORDER,
).join_from(PACK, GROUP, GROUP.c.code == PACK.c.group_code, isouter=True)
ON_OFFER = PACKS.where(PACK.c.withdrawn_at.is_(None))
CATALOGUE = Listing(ON_OFFER, ORDER)
OF_GROUPS = ON_OFFER.where(PACK.c.group_code.in_(bindparam("groups", expanding=True))).order_by(
    *ORDER
)
SOME_PACKS = PACKS.where(PACK.c.code.in_(bindparam("codes", expanding=True)))
ITEM, PACK_ITEM = Item.__table__, PackItem.__table__
ITEMS: Select[Any] = (
    select(
        PACK_ITEM.c.pack_code,
        ITEM.c.code,
        ITEM.c.name,
        ITEM.c.name_en,
        ITEM.c.unit,
        ITEM.c.unit_price_fen,
        ITEM.c.example,
        ITEM.c.scheduled,
        PACK_ITEM.c.times_per_year,
    )
    .join_from(PACK_ITEM, ITEM, ITEM.c.code == PACK_ITEM.c.item_code)
    .where(PACK_ITEM.c.pack_code.in_(bindparam("codes", expanding=True)))
    .order_by(ITEM.c.code)
)


def list_groups(session: Session) -> list[GroupView]:
    """All population groups, by code."""
    return [GroupView.model_validate(row) for row in session.execute(GROUPS)]


def list_packs(session: Session, group: str | None = None) -> list[PackView]:
    """All packs on offer, of one population group or all."""
    query = ON_OFFER.order_by(*ORDER)
    if group:
        query = query.where(PACK.c.group_code == group)
    return [PackView.model_validate(row) for row in session.execute(query)]


def search_packs(session: Session, search: PackSearch) -> Page[PackView]:
    """A page of the packs on offer that match."""
    query = ON_OFFER
    if search.group:
        query = query.where(PACK.c.group_code == search.group)
    if search.search:
        text = search.search
        query = query.where(any_contains(text, PACK.c.name, PACK.c.name_en))
    listing = CATALOGUE if query is ON_OFFER else Listing(query, ORDER)
    rows, following = listing.read(session, search)
    return Page(items=[PackView.model_validate(row) for row in rows], next_cursor=following)


def recommend_packs(session: Session, actor: Actor) -> list[PackView]:
    """The packs made for the actor's own population groups; none before the real-name check."""
    if actor.person_id is None:
        return []
    person = people_by_id(session, [actor.person_id]).get(actor.person_id)
    return _packs_of_groups(session, person.groups) if person else []


def _packs_of_groups(session: Session, groups: Collection[str]) -> list[PackView]:
    rows = session.execute(OF_GROUPS, {"groups": groups})
    return [PackView.model_validate(row) for row in rows]


def get_pack(session: Session, code: str) -> PackDetail:
    """A pack with its items; a withdrawn one is still found, marked so. Raises NotFound."""
    found = get_packs(session, [code]).get(code)
    if found is None:
        raise NotFound()
    return found


def get_packs(session: Session, codes: Collection[str]) -> dict[str, PackDetail]:
    """These packs with their items, as ``get_pack``, with two statements however many; those not
    known are left out.
    """
    if not codes:
        return {}
    packs = session.execute(SOME_PACKS, {"codes": codes}).all()
    items: dict[str, list[PackItemView]] = {row.code: [] for row in packs}
    for row in session.execute(ITEMS, {"codes": list(items)}):
        items[row.pack_code].append(PackItemView.model_validate(row))
    return {
        row.code: PackDetail(
            **PackView.model_validate(row).model_dump(), items=tuple(items[row.code])
        )
        for row in packs
    }


def item_names(session: Session, code: str) -> tuple[str, str]:
    """What a kind of service is called, and in English."""
    item = session.get_one(Item, code)
    return item.name, item.name_en
