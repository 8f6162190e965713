"""Ordering packs and paying for them. An order changes once: to paid, cancelled or expired."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict
from core.events import publish
from core.ids import new_id
from core.messages import N_
from notifications.public import notify, notify_with_carers
from payments.public import (
    CheckoutRequest,
    IntentView,
    cancel_payment,
    find_open_reference,
    open_payment,
    request_checkout,
    request_refund,
    take_checkout,
)
from residents.public import Person, care_units
from service_packs.events import OrderPaid
from service_packs.models import Entitlement, Order
from service_packs.queries.catalogue import get_pack
from service_packs.queries.entitlements import in_force
from service_packs.queries.orders import get_order, require_order, view_order
from service_packs.schemas import (
    Action,
    CheckoutView,
    OrderState,
    OrderView,
    PackDetail,
    PlaceOrder,
    Source,
    Tier,
)
from service_packs.services.entitlements import end_entitlements, grant_entitlement
from service_packs.terms import last_day_of_year

PURPOSE = "service_packs.order"
AT_THE_PROVIDER = N_("服务包订单 %(number)s")
PAY_WITHIN = timedelta(hours=24)
ORDERED_WITH = N_("签约协议里选的“%(pack)s”已生成订单，支付后生效。")
ORDERED_FOR = N_("%(name)s为您选购了“%(pack)s”。不是您的意思，请与家人或团队联系。")


def place_order(session: Session, actor: Actor, command: PlaceOrder) -> OrderView:
    """Order a pack for oneself or for whom one may pay; where the person pays nothing it is paid at
    once. Somebody else is told who ordered for them.

    Raises Denied, NotFound, and Conflict ``identity_required``, ``pack_withdrawn``,
    ``comes_with_contract``, ``contract_required``, ``already_entitled`` or ``order_open``.
    """
    person_id = command.person_id or actor.person_id
    if person_id is None:
        raise Conflict("identity_required", N_("请先完成实名认证，再选购服务包。"))
    order_id = new_id()
    require_order(session, actor, Action.PLACE_ORDER, order_id, person_id)
    pack = get_pack(session, command.pack_code)
    _refuse_what_cannot_be_ordered(session, person_id, pack)
    payment_id = _open_payment(session, actor, order_id, person_id, pack)
    _insert(session, order_id, person_id, pack, payment_id)
    if payment_id is None:
        settle_order(session, order_id, None)
    if person_id != actor.person_id:
        values = {"name": actor.name, "pack": pack.name, "pack_en": pack.name_en}
        notify(session, person_id, ORDERED_FOR, values, "/packs/mine")
    return view_order(session, order_id)


def order_with_contract(
    session: Session, *, order_id: UUID, person_id: UUID, pack_code: str, pay_by: datetime
) -> None:
    """Order what a person agreed to in a contract that came into force; to be paid by ``pay_by``,
    or had at once where they pay nothing. Done again it does nothing, nor where they have the pack,
    have ordered it, or it is offered no more. Its payment is opened by whoever pays.
    """
    pack = get_pack(session, pack_code)
    if pack.withdrawn or _owns(session, person_id, pack_code):
        return
    row = _order(order_id, person_id, pack, None, pay_by).on_conflict_do_nothing()
    if session.execute(row.returning(Order.id)).first() is None:
        return
    if pack.person_fen == 0:
        settle_order(session, order_id, None)
        return
    values = {"pack": pack.name, "pack_en": pack.name_en}
    link = f"/packs/orders/{order_id}"
    notify_with_carers(session, person_id, ORDERED_WITH, values, link, carers_link=link)


def cancel_order(session: Session, actor: Actor, order_id: UUID) -> OrderView:
    """Cancel an unpaid order of one's own. Raises NotFound, Denied, Conflict ``order_closed``."""
    get_order(session, actor, order_id, Action.CANCEL_ORDER)
    closed = _close(session, OrderState.CANCELLED, Order.id == order_id)
    if not closed:
        raise Conflict("order_closed", N_("这个订单已经支付或关闭，不能再取消。"))
    return view_order(session, order_id)


def expire_orders(session: Session) -> int:
    """Close the orders that were not paid in time; returns how many."""
    return len(_close(session, OrderState.EXPIRED, Order.pay_by < clock.now()))


def request_order_checkout(
    session: Session, actor: Actor, order_id: UUID, return_url: str
) -> CheckoutRequest:
    """The first of three steps to pay; see payments.public. Raises Conflict ``order_closed``."""
    order = get_order(session, actor, order_id, Action.PAY_ORDER)
    if order.state is not OrderState.PENDING_PAYMENT:
        raise Conflict("order_closed", N_("这个订单已经支付或关闭，不需要再付款。"))
    payment_id = order.payment_id or _open_later(session, actor, order)
    return request_checkout(session, actor, payment_id, return_url)


def _open_later(session: Session, actor: Actor, order: OrderView) -> UUID:
    """The payment of an order that a contract made; one a subject, however often it is opened."""
    pack = get_pack(session, order.pack_code).model_copy(update={"person_fen": order.person_fen})
    payment_id = _open_payment(session, actor, order.id, order.person_id, pack)
    if payment_id is None:
        raise ValueError("an order that costs nothing was paid at once")
    session.execute(update(Order).where(Order.id == order.id).values(payment_id=payment_id))
    return payment_id


def take_order_checkout(
    session: Session, actor: Actor, order_id: UUID, intent: IntentView
) -> CheckoutView:
    """The third of three steps to pay: where to go now."""
    checkout = take_checkout(session, intent)
    return CheckoutView(
        order=get_order(session, actor, order_id, Action.PAY_ORDER),
        checkout_url=checkout.checkout_url if checkout else None,
        client_secret=checkout.client_secret if checkout else None,
    )


def find_open_intent(session: Session, actor: Actor, order_id: UUID) -> str | None:
    """The provider's name of a payment about which it is worth asking; None where it is not."""
    order = get_order(session, actor, order_id)
    if order.state is not OrderState.PENDING_PAYMENT or order.payment_id is None:
        return None
    return find_open_reference(session, actor, order.payment_id)


def settle_order(session: Session, order_id: UUID, payment_id: UUID | None) -> None:
    """The money is there: entitle the person for a year from today. Again does nothing.

    Money that came for an order closed meanwhile is given back.
    """
    now = clock.now()
    order = session.scalars(
        update(Order)
        .where(Order.id == order_id, Order.state == OrderState.PENDING_PAYMENT)
        .values(state=OrderState.PAID, paid_at=now)
        .returning(Order)
    ).one_or_none()
    if order is None:
        _give_back_if_closed(session, order_id, payment_id)
        return
    today = clock.today()
    grant_entitlement(
        session,
        person_id=order.person_id,
        pack_code=order.pack_code,
        source=Source.ORDER,
        source_id=order.id,
        starts_on=today,
        ends_on=last_day_of_year(today),
    )
    publish(session, OrderPaid(order_id=order.id, person_id=order.person_id))


def close_unpaid_order(session: Session, order_id: UUID) -> None:
    """The provider closed the payment: the order cannot be paid any more."""
    _close(session, OrderState.CANCELLED, Order.id == order_id)


def end_refunded_order(session: Session, order_id: UUID) -> None:
    """The money was given back: what it bought ends."""
    end_entitlements(session, Source.ORDER, order_id)


def _refuse_what_cannot_be_ordered(session: Session, person_id: UUID, pack: PackDetail) -> None:
    if pack.withdrawn:
        raise Conflict("pack_withdrawn", N_("这个服务包已停止提供，请看看其他服务包。"))
    if pack.tier is Tier.BASIC:
        raise Conflict("comes_with_contract", N_("基础服务包随家庭医生签约获得，不需要另外购买。"))
    if not care_units(session, person_id):
        raise Conflict(
            "contract_required", N_("个性化服务包需要先签约家庭医生。签约生效后再来选购。")
        )
    if _owns(session, person_id, pack.code):
        raise Conflict("already_entitled", N_("您已经有这个服务包，可以在“我的服务”里查看。"))


def _owns(session: Session, person_id: UUID, pack_code: str) -> bool:
    owned = select(Entitlement.id).where(
        Entitlement.person_id == person_id, Entitlement.pack_code == pack_code, in_force()
    )
    return session.scalars(owned.limit(1)).first() is not None


def _open_payment(
    session: Session, actor: Actor, order_id: UUID, person_id: UUID, pack: PackDetail
) -> UUID | None:
    if pack.person_fen == 0:
        return None
    payment = open_payment(
        session,
        actor,
        purpose=PURPOSE,
        subject_id=order_id,
        person_id=person_id,
        amount_fen=pack.person_fen,
        # The name of a pack may tell an illness: the provider gets a number only.
        description=AT_THE_PROVIDER % {"number": order_id.hex[-8:].upper()},
    )
    return payment.id


def _insert(
    session: Session, order_id: UUID, person_id: UUID, pack: PackDetail, payment_id: UUID | None
) -> None:
    row = _order(order_id, person_id, pack, payment_id, clock.now() + PAY_WITHIN)
    inserted = session.execute(
        row.on_conflict_do_nothing(
            index_elements=["person_id", "pack_code"],
            index_where=text("state = 'pending_payment'"),
        ).returning(Order.id)
    ).first()
    if inserted is None:
        raise Conflict("order_open", N_("您有一个同样的订单还没付款，请先付款或取消它。"))


def _order(
    order_id: UUID, person_id: UUID, pack: PackDetail, payment_id: UUID | None, pay_by: datetime
) -> Insert:
    division = select(Person.division_code).where(Person.id == person_id).scalar_subquery()
    return insert(Order).values(
        id=order_id,
        person_id=person_id,
        division_code=division,
        pack_code=pack.code,
        price_fen=pack.price_fen,
        public_health_fen=pack.public_health_fen,
        insurance_fen=pack.insurance_fen,
        person_fen=pack.person_fen,
        state=OrderState.PENDING_PAYMENT,
        payment_id=payment_id,
        created_at=clock.now(),
        pay_by=pay_by,
    )


def _close(session: Session, state: OrderState, which: Any) -> list[UUID]:
    closed = session.execute(
        update(Order)
        .where(which, Order.state == OrderState.PENDING_PAYMENT)
        .values(state=state, closed_at=clock.now())
        .returning(Order.id, Order.payment_id)
    ).all()
    for _, payment_id in closed:
        if payment_id is not None:
            cancel_payment(session, payment_id)
    return [order_id for order_id, _ in closed]


def _give_back_if_closed(session: Session, order_id: UUID, payment_id: UUID | None) -> None:
    state = session.scalar(select(Order.state).where(Order.id == order_id))
    if payment_id is not None and state in (OrderState.CANCELLED, OrderState.EXPIRED):
        request_refund(session, payment_id)
