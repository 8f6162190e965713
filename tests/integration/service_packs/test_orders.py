"""Ordering and paying through the services: the rules, the money, the entitlement."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, NotFound
from core.events import deliver
from notifications.models import Message
from payments.events import PaymentSettled
from payments.models import Payment
from payments.public import collect, look_up, request_refund, take_intent
from payments.schemas import PaymentState
from service_packs.jobs import close_unpaid_orders
from service_packs.models import Entitlement, Order
from service_packs.public import end_entitlements, sales_facts
from service_packs.queries.entitlements import list_entitlements
from service_packs.queries.orders import get_order, list_orders, view_order
from service_packs.schemas import (
    EntitlementSearch,
    OrderSearch,
    OrderState,
    OrderView,
    PlaceOrder,
    Source,
    Tier,
)
from service_packs.services.orders import (
    cancel_order,
    find_open_intent,
    place_order,
    request_order_checkout,
    settle_order,
    take_order_checkout,
)
from service_packs.terms import last_day_of_year
from tests.factories.payments import Cashier, state_of
from tests.factories.residents import make_resident
from tests.factories.service_packs import Served, make_entitlement, make_item, make_pack

RETURN_URL = "http://127.0.0.1:8000/packs/orders/1/return"


def order(session: Session, actor: Actor, pack_code: str) -> OrderView:
    return place_order(session, actor, PlaceOrder(pack_code=pack_code))


def refusal(session: Session, actor: Actor, pack_code: str) -> str:
    with pytest.raises(Conflict) as caught:
        order(session, actor, pack_code)
    return caught.value.code


def begin(session: Session, actor: Actor, order_id: UUID) -> str:
    """Go to the cashier; gives the address."""
    request = request_order_checkout(session, actor, order_id, RETURN_URL)
    checkout = take_order_checkout(session, actor, order_id, collect(request))
    session.commit()
    assert checkout.checkout_url and checkout.client_secret
    return checkout.checkout_url


def hear_of_it(session: Session, actor: Actor, order_id: UUID, run: Callable[[], int]) -> None:
    """What a webhook would do, and what follows."""
    payment_id = view_order(session, order_id).payment_id
    payment = session.get_one(Payment, payment_id)
    session.refresh(payment)
    take_intent(session, look_up(str(payment.provider_reference)))
    session.commit()
    run()


def granted(session: Session, actor: Actor) -> list[tuple[str, int]]:
    """(item, times left) of what the actor may use."""
    page = list_entitlements(session, actor, EntitlementSearch())
    return [(item.item_code, item.times_left) for e in page.items for item in e.items]


def test_a_paid_order_entitles_for_a_year(
    session: Session, served: Served, cashier: Cashier, run_jobs: Callable[[], int]
) -> None:
    items = {make_item(session).code: 4, make_item(session).code: 12}
    pack = make_pack(session, items=items)
    placed = order(session, served.resident, pack.code)
    assert (placed.state, placed.person_fen) == (OrderState.PENDING_PAYMENT, 13_000)
    assert granted(session, served.resident) == []
    cashier.choose(begin(session, served.resident, placed.id), "pay")
    hear_of_it(session, served.resident, placed.id, run_jobs)
    paid = get_order(session, served.resident, placed.id)
    assert paid.state is OrderState.PAID
    assert granted(session, served.resident) == sorted(items.items())
    [held] = list_entitlements(session, served.resident, EntitlementSearch()).items
    today = clock.today()
    assert (held.starts_on, held.ends_on) == (today, last_day_of_year(today))
    assert (held.source, held.source_id) == (Source.ORDER, placed.id)
    assert session.get_one(Entitlement, held.id).team_id == served.team.id
    told = session.scalars(select(Message.sentence)).all()
    assert len(told) == 1 and "已生效" in told[0]


def test_a_settlement_delivered_twice_entitles_once(
    session: Session, served: Served, run_jobs: Callable[[], int]
) -> None:
    pack = make_pack(session)
    placed = order(session, served.resident, pack.code)
    assert placed.payment_id
    session.commit()
    event = PaymentSettled(
        payment_id=placed.payment_id, purpose="service_packs.order", subject_id=placed.id
    )
    for _ in range(2):
        deliver(event.title(), event.model_dump(mode="json"))
    settle_order(session, placed.id, placed.payment_id)
    assert session.scalar(select(func.count()).select_from(Entitlement)) == 1
    assert run_jobs() == 1  # its own announcement, once


def test_a_pack_that_costs_the_person_nothing_needs_no_payment(
    session: Session, served: Served
) -> None:
    pack = make_pack(session, person_fen=0)
    placed = order(session, served.resident, pack.code)
    assert (placed.state, placed.payment_id) == (OrderState.PAID, None)
    assert len(granted(session, served.resident)) == 1
    assert session.scalar(select(func.count()).select_from(Payment)) == 0


def test_a_personalised_pack_needs_a_contract(session: Session, served: Served) -> None:
    account, person = make_resident(session)
    unsigned = Actor(account_id=account.id, person_id=person.id, verified=True)
    assert refusal(session, unsigned, make_pack(session).code) == "contract_required"


def test_who_is_not_known_cannot_order(session: Session, served: Served) -> None:
    stranger = Actor(account_id=served.resident.account_id)
    assert refusal(session, stranger, make_pack(session).code) == "identity_required"
    unproved = Actor(
        account_id=served.resident.account_id, person_id=served.person.id, verified=False
    )
    with pytest.raises(Denied):
        order(session, unproved, make_pack(session).code)


def test_what_cannot_be_ordered(session: Session, served: Served) -> None:
    basic = make_pack(session, tier=Tier.BASIC, group_code=None)
    assert refusal(session, served.resident, basic.code) == "comes_with_contract"
    withdrawn = make_pack(session)
    withdrawn.withdrawn_at = clock.now()
    session.flush()
    assert refusal(session, served.resident, withdrawn.code) == "pack_withdrawn"
    owned = make_pack(session)
    held = make_entitlement(session, served.person.id, owned)
    assert refusal(session, served.resident, owned.code) == "already_entitled"
    end_entitlements(session, held.source, held.source_id)
    assert order(session, served.resident, owned.code).state is OrderState.PENDING_PAYMENT
    with pytest.raises(NotFound):
        order(session, served.resident, "none")


def test_one_unpaid_order_a_person_and_pack(session: Session, served: Served) -> None:
    pack = make_pack(session)
    first = order(session, served.resident, pack.code)
    assert refusal(session, served.resident, pack.code) == "order_open"
    cancel_order(session, served.resident, first.id)
    assert order(session, served.resident, pack.code).id != first.id


def test_the_price_is_that_of_the_day_of_the_order(session: Session, served: Served) -> None:
    pack = make_pack(session)
    placed = order(session, served.resident, pack.code)
    pack.price_fen, pack.person_fen, pack.list_price_fen = 20_600, 15_000, 30_000
    session.flush()
    assert get_order(session, served.resident, placed.id).person_fen == 13_000


def test_another_s_order_is_closed_to_everybody_else(session: Session, served: Served) -> None:
    placed = order(session, served.resident, make_pack(session).code)
    account, person = make_resident(session)
    other = Actor(account_id=account.id, person_id=person.id, verified=True)
    for actor in (other, served.nurse):
        with pytest.raises(Denied):
            get_order(session, actor, placed.id)
        with pytest.raises(Denied):
            cancel_order(session, actor, placed.id)
        with pytest.raises(Denied):
            request_order_checkout(session, actor, placed.id, RETURN_URL)
        with pytest.raises(Denied):
            find_open_intent(session, actor, placed.id)
    assert list_orders(session, other, OrderSearch()).items == []
    assert [o.id for o in list_orders(session, served.resident, OrderSearch()).items] == [placed.id]


def test_a_cancelled_order_cannot_be_paid(
    session: Session, served: Served, cashier: Cashier, run_jobs: Callable[[], int]
) -> None:
    placed = order(session, served.resident, make_pack(session).code)
    url = begin(session, served.resident, placed.id)
    assert cancel_order(session, served.resident, placed.id).state is OrderState.CANCELLED
    session.commit()
    run_jobs()
    cashier.choose(url, "pay")
    assert cashier.events("payment_intent.succeeded") == []
    for refused in (
        lambda: cancel_order(session, served.resident, placed.id),
        lambda: request_order_checkout(session, served.resident, placed.id, RETURN_URL),
    ):
        with pytest.raises(Conflict) as caught:
            refused()
        assert caught.value.code == "order_closed"


def test_money_for_an_order_closed_meanwhile_is_given_back(
    session: Session, served: Served, cashier: Cashier, run_jobs: Callable[[], int]
) -> None:
    placed = order(session, served.resident, make_pack(session).code)
    cashier.choose(begin(session, served.resident, placed.id), "pay")
    cancel_order(session, served.resident, placed.id)
    session.commit()
    run_jobs()
    assert placed.payment_id
    assert state_of(session, placed.payment_id) is PaymentState.REFUNDED
    assert view_order(session, placed.id).state is OrderState.CANCELLED
    assert granted(session, served.resident) == []
    assert len(cashier.events("refund.created")) == 1
    told = session.scalars(select(Message.sentence)).all()
    assert len(told) == 1 and "原路退回" in told[0]


def test_a_refund_ends_what_was_bought(
    session: Session, served: Served, cashier: Cashier, run_jobs: Callable[[], int]
) -> None:
    placed = order(session, served.resident, make_pack(session).code)
    cashier.choose(begin(session, served.resident, placed.id), "pay")
    hear_of_it(session, served.resident, placed.id, run_jobs)
    payment = session.get_one(Payment, placed.payment_id)
    session.refresh(payment)
    request_refund(session, payment.id)
    session.commit()
    run_jobs()
    assert granted(session, served.resident) == []


def test_an_order_closed_by_the_provider_is_cancelled(
    session: Session, served: Served, cashier: Cashier, run_jobs: Callable[[], int]
) -> None:
    placed = order(session, served.resident, make_pack(session).code)
    begin(session, served.resident, placed.id)
    payment = session.get_one(Payment, placed.payment_id)
    session.refresh(payment)
    cashier.client.v1.payment_intents.cancel(str(payment.provider_reference))
    hear_of_it(session, served.resident, placed.id, run_jobs)
    assert view_order(session, placed.id).state is OrderState.CANCELLED


def test_unpaid_orders_expire(
    session: Session, served: Served, run_jobs: Callable[[], int]
) -> None:
    placed = order(session, served.resident, make_pack(session).code)
    session.commit()
    close_unpaid_orders()
    assert view_order(session, placed.id).state is OrderState.PENDING_PAYMENT
    with clock.shifted(timedelta(hours=25)):
        close_unpaid_orders()
    assert view_order(session, placed.id).state is OrderState.EXPIRED
    assert placed.payment_id
    assert state_of(session, placed.payment_id) is PaymentState.CANCELLED


def test_sales_are_counted_by_township(session: Session, served: Served) -> None:
    order(session, served.resident, make_pack(session, person_fen=0, insurance_fen=900).code)
    order(session, served.resident, make_pack(session).code)  # unpaid: no sale
    today = clock.today()
    assert sales_facts(session, today, today + timedelta(days=1)) == [
        (served.person.division_code, 1, 900)
    ]
    assert sales_facts(session, today - timedelta(days=1), today) == []


@pytest.mark.parametrize(
    "values",
    [{"person_fen": 1}, {"state": "paid"}, {"state": "cancelled"}, {"insurance_fen": -1}],
    ids=str,
)
def test_the_database_keeps_the_invariants(
    session: Session, served: Served, values: dict[str, object]
) -> None:
    placed = order(session, served.resident, make_pack(session).code)
    row = session.get_one(Order, placed.id)
    for name, value in values.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError):
        session.flush()
