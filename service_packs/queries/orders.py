"""Reads of orders; everybody reads their own only."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from core.errors import NotFound
from core.paging import Page, read_page
from service_packs.models import Order, Pack
from service_packs.schemas import Action, OrderSearch, OrderView


def order_resource(order_id: UUID, person_id: UUID) -> Resource:
    """An order as the policy sees it."""
    return Resource("PackOrder", str(order_id), person_id)


def _orders(*more: Any) -> Select[Any]:
    names = (Pack.name.label("pack_name"), Pack.name_en.label("pack_name_en"), Pack.example)
    return select(Order, *names, *more).join(Pack, Pack.code == Order.pack_code)


def get_order(
    session: Session, actor: Actor, order_id: UUID, action: Action = Action.READ_ORDER
) -> OrderView:
    """One order, to do ``action`` with it. Raises NotFound or Denied."""
    order = view_order(session, order_id)
    require(session, actor, action, order_resource(order_id, order.person_id))
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
    """The actor's own orders, newest first."""
    if actor.person_id is None:
        return Page(items=[])
    own = Resource("PackOrder", "own", actor.person_id)
    require(session, actor, Action.READ_ORDER, own)
    order = [Order.created_at, Order.id]
    query = _orders(*order).where(Order.person_id == actor.person_id)
    if search.state:
        query = query.where(Order.state == search.state)
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
