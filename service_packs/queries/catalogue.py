"""The catalogue. It is public, so nothing is scoped to an actor here."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from core.access import Actor
from core.errors import NotFound
from core.paging import Page, read_page
from directory.public import contains
from residents.public import people_by_id
from service_packs.models import Group, Item, Pack, PackItem
from service_packs.schemas import GroupView, PackDetail, PackItemView, PackSearch, PackView

# The packs for everybody come first.
ORDER: tuple[ColumnElement[Any], ...] = (
    func.coalesce(Pack.group_code, ""),
    Pack.code.expression,
)


def _packs() -> Select[Any]:
    return select(
        Pack,
        Group.name.label("group_name"),
        Group.name_en.label("group_name_en"),
        *ORDER,
    ).outerjoin(Group, Group.code == Pack.group_code)


def list_groups(session: Session) -> list[GroupView]:
    """All population groups, by code."""
    rows = session.scalars(select(Group).order_by(Group.code))
    return [GroupView.model_validate(row) for row in rows]


def list_packs(session: Session, group: str | None = None) -> list[PackView]:
    """All packs on offer, of one population group or all."""
    query = _packs().where(Pack.withdrawn_at.is_(None)).order_by(*ORDER)
    if group:
        query = query.where(Pack.group_code == group)
    return [_view(row) for row in session.execute(query)]


def search_packs(session: Session, search: PackSearch) -> Page[PackView]:
    """A page of the packs on offer that match."""
    query = _packs().where(Pack.withdrawn_at.is_(None))
    if search.group:
        query = query.where(Pack.group_code == search.group)
    if search.search:
        text = search.search
        query = query.where(contains(Pack.name, text) | contains(Pack.name_en, text))
    rows, following = read_page(session, query, ORDER, search)
    return Page(items=[_view(row) for row in rows], next_cursor=following)


def recommend_packs(session: Session, actor: Actor) -> list[PackView]:
    """The packs made for the actor's own population groups; none before the real-name check."""
    if actor.person_id is None:
        return []
    person = people_by_id(session, [actor.person_id]).get(actor.person_id)
    return _packs_of_groups(session, person.groups) if person else []


def _packs_of_groups(session: Session, groups: Collection[str]) -> list[PackView]:
    query = _packs().where(Pack.withdrawn_at.is_(None), Pack.group_code.in_(groups))
    return [_view(row) for row in session.execute(query.order_by(*ORDER))]


def get_pack(session: Session, code: str) -> PackDetail:
    """A pack with its items; a withdrawn one is still found, marked so. Raises NotFound."""
    row = session.execute(_packs().where(Pack.code == code)).one_or_none()
    if row is None:
        raise NotFound()
    items = session.execute(
        select(
            Item.code,
            Item.name,
            Item.name_en,
            Item.unit,
            Item.unit_price_fen,
            Item.example,
            Item.scheduled,
            PackItem.times_per_year,
        )
        .join(PackItem, PackItem.item_code == Item.code)
        .where(PackItem.pack_code == code)
        .order_by(Item.code)
    )
    views = tuple(PackItemView.model_validate(item) for item in items)
    return PackDetail(**_view(row).model_dump(), items=views)


def item_names(session: Session, code: str) -> tuple[str, str]:
    """What a kind of service is called, and in English."""
    item = session.get_one(Item, code)
    return item.name, item.name_en


def _view(row: Any) -> PackView:
    pack: Pack = row[0]
    return PackView(
        code=pack.code,
        name=pack.name,
        name_en=pack.name_en,
        group_code=pack.group_code,
        group_name=row.group_name,
        group_name_en=row.group_name_en,
        tier=pack.tier,
        list_price_fen=pack.list_price_fen,
        price_fen=pack.price_fen,
        public_health_fen=pack.public_health_fen,
        insurance_fen=pack.insurance_fen,
        person_fen=pack.person_fen,
        example=pack.example,
        withdrawn=pack.withdrawn_at is not None,
    )
