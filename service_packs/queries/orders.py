"""Reads of orders: one's own, and those of whom one may pay for."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from core.errors import NotFound
from core.paging import Page, read_page
from core.searching import any_contains
from residents.public import acting
from residents.schemas import Scope
from service_packs.models import Order, Pack
from service_packs.queries.kin import kin_of
from service_packs.schemas import Action, OrderSearch, OrderView


def require_order(
    session: Session, actor: Actor, action: Action, order_id: UUID | str, person_id: UUID
) -> None:
    """Let the actor do ``action`` with an order of this person. Raises Denied."""
    kin = kin_of(session, actor, person_id, Scope.PAY)
    resource = Resource("PackOrder", str(order_id), person_id, more={"kin": kin})
    require(session, acting(actor, person_id, kin), action, resource)


def _orders(*more: Any) -> Select[Any]:
    names = (Pack.name.label("pack_name"), Pack.name_en.label("pack_name_en"), Pack.example)
    return select(Order, *names, *more).join(Pack, Pack.code == Order.pack_code)


def get_order(
    session: Session, actor: Actor, order_id: UUID, action: Action = Action.READ_ORDER
) -> OrderView:
    """One order, to do ``action`` with it. Raises NotFound or Denied."""
    order = view_order(session, order_id)
    require_order(session, actor, action, order_id, order.person_id)
    return order


def view_order(session: Session, order_id: UUID) -> OrderView:
    """One order; the caller has asked the policy. Raises NotFound."""
    row = session.execute(
        _orders().where(Order.id == order_id), execution_options={"populate_existing": True}
    ).one_or_none()
    if row is None:
        raise NotFound()
    return _view(row)


def list_orders(session: Session, actor: Actor, search: OrderSearch) -> Page[OrderView]:
    """The actor's own orders, or a person's for whom they may pay, newest first. Raises Denied."""
    person_id = search.person_id or actor.person_id
    if person_id is None:
        return Page(items=[])
    require_order(session, actor, Action.READ_ORDER, "own", person_id)
    order = [Order.created_at, Order.id]
    query = _orders(*order).where(Order.person_id == person_id)
    if search.state:
        query = query.where(Order.state == search.state)
    if search.search:
        query = query.where(any_contains(search.search, Pack.name, Pack.name_en))
    rows, following = read_page(session, query, order, search, descending=True)
    return Page(items=[_view(row) for row in rows], next_cursor=following)


def _view(row: Any) -> OrderView:
    order: Order = row[0]
    return OrderView(
        id=order.id,
        person_id=order.person_id,
        pack_code=order.pack_code,
        pack_name=row.pack_name,
        pack_name_en=row.pack_name_en,
        example=row.example,
        price_fen=order.price_fen,
        public_health_fen=order.public_health_fen,
        insurance_fen=order.insurance_fen,
        person_fen=order.person_fen,
        state=order.state,
        payment_id=order.payment_id,
        created_at=order.created_at,
        pay_by=order.pay_by,
        paid_at=order.paid_at,
        closed_at=order.closed_at,
    )
