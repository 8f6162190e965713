"""Opening, collecting, closing, giving back and reconciling, through the real SDK."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, NotFound, Unavailable
from core.ids import new_id
from payments.jobs import reconcile
from payments.models import Payment
from payments.public import (
    cancel_payment,
    collect,
    find_open_reference,
    get_payment,
    look_up,
    open_payment,
    request_checkout,
    request_refund,
    take_checkout,
    take_intent,
)
from payments.schemas import PaymentState
from tests.factories.payments import Cashier, make_payment, provide_stripe, state_of
from tests.factories.residents import make_resident

RETURN_URL = "http://127.0.0.1:8000/packs/orders/1/return"


def begin(session: Session, payer: Actor) -> tuple[Payment, str]:
    payment = make_payment(session, payer)
    checkout = take_checkout(
        session, collect(request_checkout(session, payer, payment.id, RETURN_URL))
    )
    assert checkout and checkout.checkout_url
    session.commit()
    session.refresh(payment)
    return payment, checkout.checkout_url


def other(session: Session) -> Actor:
    account, person = make_resident(session)
    return Actor(account_id=account.id, person_id=person.id, verified=True)


def test_a_subject_has_one_payment(session: Session, payer: Actor) -> None:
    assert payer.person_id
    subject = new_id()
    views = [
        open_payment(
            session,
            payer,
            purpose="test",
            subject_id=subject,
            person_id=payer.person_id,
            amount_fen=amount,
            description="服务包订单 0001",
        )
        for amount in (13_000, 99)
    ]
    assert views[0] == views[1]
    assert (views[0].amount_fen, views[0].state) == (13_000, PaymentState.CREATED)


def test_nobody_pays_or_looks_for_another(session: Session, payer: Actor) -> None:
    payment = make_payment(session, payer)
    stranger = other(session)
    with pytest.raises(Denied):
        get_payment(session, stranger, payment.id)
    with pytest.raises(Denied):
        request_checkout(session, stranger, payment.id, RETURN_URL)
    with pytest.raises(Denied):
        find_open_reference(session, stranger, payment.id)
    with pytest.raises(NotFound):
        get_payment(session, payer, new_id())


def test_asking_again_leads_to_the_same_page(
    session: Session, payer: Actor, cashier: Cashier
) -> None:
    payment = make_payment(session, payer)
    request = request_checkout(session, payer, payment.id, RETURN_URL)
    first, retried = collect(request), collect(request)  # a retry before the answer was kept
    take_checkout(session, first)
    later = collect(request_checkout(session, payer, payment.id, RETURN_URL))
    assert first.reference == retried.reference == later.reference
    assert first.checkout_url == retried.checkout_url == later.checkout_url
    assert len(cashier.events("payment_intent.created")) == 1


def test_the_provider_learns_nothing_of_health(
    session: Session, payer: Actor, cashier: Cashier
) -> None:
    payment, _ = begin(session, payer)
    kept = cashier.client.v1.payment_intents.retrieve(str(payment.provider_reference)).to_dict()
    assert kept["metadata"] == {"payment_id": str(payment.id)}
    assert kept["description"] == payment.description


def test_a_silent_provider_loses_nothing(session: Session, payer: Actor, cashier: Cashier) -> None:
    payment = make_payment(session, payer)
    request = request_checkout(session, payer, payment.id, RETURN_URL)
    provide_stripe("http://127.0.0.1:9")
    with pytest.raises(Unavailable) as caught:
        collect(request)
    assert caught.value.code == "payment_unavailable"
    assert state_of(session, payment.id) is PaymentState.CREATED


def test_asking_once_settles_what_a_lost_webhook_left(
    session: Session, payer: Actor, cashier: Cashier
) -> None:
    payment, url = begin(session, payer)
    cashier.choose(url, "pay")
    reference = find_open_reference(session, payer, payment.id)
    assert reference
    take_intent(session, look_up(reference))
    assert state_of(session, payment.id) is PaymentState.SETTLED
    assert find_open_reference(session, payer, payment.id) is None
    with pytest.raises(Conflict) as caught:
        request_checkout(session, payer, payment.id, RETURN_URL)
    assert caught.value.code == "payment_closed"


def test_reconciling_asks_about_what_was_quiet_for_ten_minutes(
    session: Session, payer: Actor, cashier: Cashier
) -> None:
    payment, url = begin(session, payer)
    cashier.choose(url, "pay")
    reconcile()
    assert state_of(session, payment.id) is PaymentState.PENDING
    with clock.shifted(timedelta(minutes=11)):
        reconcile()
    assert state_of(session, payment.id) is PaymentState.SETTLED


def test_reconciling_goes_on_when_the_provider_is_silent(
    session: Session, payer: Actor, cashier: Cashier
) -> None:
    payment, url = begin(session, payer)
    cashier.choose(url, "pay")
    provide_stripe("http://127.0.0.1:9")
    with clock.shifted(timedelta(minutes=11)):
        reconcile()
    assert state_of(session, payment.id) is PaymentState.PENDING


def test_a_closed_payment_is_closed_at_the_provider(
    session: Session, payer: Actor, cashier: Cashier, run_jobs: Callable[[], int]
) -> None:
    payment, url = begin(session, payer)
    cancel_payment(session, payment.id)
    cancel_payment(session, payment.id)
    session.commit()
    run_jobs()
    kept = cashier.client.v1.payment_intents.retrieve(str(payment.provider_reference))
    assert kept.status == "canceled"
    cashier.choose(url, "pay")
    assert state_of(session, payment.id) is PaymentState.CANCELLED


def test_money_that_was_quicker_than_the_closing_is_taken(
    session: Session, payer: Actor, cashier: Cashier, run_jobs: Callable[[], int]
) -> None:
    payment, url = begin(session, payer)
    cashier.choose(url, "pay")
    cancel_payment(session, payment.id)
    session.commit()
    run_jobs()
    assert state_of(session, payment.id) is PaymentState.SETTLED


def test_an_intent_made_while_the_payment_was_closed_is_closed_too(
    session: Session, payer: Actor, cashier: Cashier, run_jobs: Callable[[], int]
) -> None:
    payment = make_payment(session, payer)
    request = request_checkout(session, payer, payment.id, RETURN_URL)
    cancel_payment(session, payment.id)
    session.commit()
    run_jobs()
    intent = collect(request)
    checkout = take_checkout(session, intent)
    session.commit()
    assert checkout and checkout.checkout_url is None
    run_jobs()
    kept = cashier.client.v1.payment_intents.retrieve(intent.reference)
    assert kept.status == "canceled"


def test_giving_back_happens_once(
    session: Session, payer: Actor, cashier: Cashier, run_jobs: Callable[[], int]
) -> None:
    payment, url = begin(session, payer)
    cashier.choose(url, "pay")
    take_intent(session, look_up(str(payment.provider_reference)))
    request_refund(session, payment.id)
    request_refund(session, payment.id)
    session.commit()
    run_jobs()
    assert state_of(session, payment.id) is PaymentState.REFUNDED
    assert len(cashier.events("refund.created")) == 1


def test_the_client_secret_is_not_readable_in_the_database(
    session: Session, payer: Actor, cashier: Cashier
) -> None:
    payment, _ = begin(session, payer)
    raw = session.connection().exec_driver_sql(
        "SELECT client_secret FROM payments_payment WHERE id = %s", (payment.id,)
    )
    assert payment.client_secret
    assert payment.client_secret.encode() not in bytes(raw.scalar_one())


@pytest.mark.parametrize(
    "values",
    [{"amount_fen": 0}, {"state": "settled"}, {"state": "lost"}, {"state": "refunded"}],
    ids=str,
)
def test_the_database_keeps_the_invariants(
    session: Session, payer: Actor, values: dict[str, object]
) -> None:
    payment = make_payment(session, payer)
    for name, value in values.items():
        setattr(payment, name, value)
    with pytest.raises(IntegrityError):
        session.flush()
