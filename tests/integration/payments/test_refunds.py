"""Refunds on their way: by the provider and at the desk, on the pages and in the API."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role
from core.errors import Conflict, Denied, Invalid, NotFound
from core.ids import new_id
from directory.models import Institution
from notifications.models import Message
from payments.models import Payment, Refund
from payments.public import owe_refund, refunds_of
from payments.schemas import (
    ApproveRefunds,
    PaymentState,
    PayOut,
    RefundDue,
    RefundState,
    RefundWay,
)
from payments.services import refund_notices as notices
from payments.services.refunds import approve_refunds, pay_out
from tests.factories.auth import make_account
from tests.factories.directory import make_institution
from tests.factories.payments import Cashier, deliver, provide_stripe, settle, state_of

PAGE = "/refunds/"


@pytest.fixture
def institution(session: Session) -> Institution:
    return make_institution(session)


def staff(
    session: Session, role: Role, institution: Institution, person_id: UUID | None = None
) -> Actor:
    """Somebody with this role at the institution."""
    unit = str(institution.id)
    account = make_account(session, name="王核准", roles={role: [unit]})
    return Actor(account_id=account.id, person_id=person_id, grants={role: frozenset({unit})})


def owed(
    session: Session, payment: Payment | None, institution: Institution, payer: Actor, fen: int
) -> Refund:
    """What is due of a payment, or of something that was not paid through the portal."""
    assert payer.person_id
    due = RefundDue(
        cause_id=new_id(),
        purpose="test",
        subject_id=payment.subject_id if payment else new_id(),
        person_id=payer.person_id,
        institution_id=institution.id,
        amount_fen=fen,
    )
    owe_refund(session, due)
    session.commit()
    return session.scalars(select(Refund).where(Refund.cause_id == due.cause_id)).one()


def told(session: Session, payer: Actor) -> list[str]:
    query = select(Message.sentence).where(Message.person_id == payer.person_id)
    return list(session.scalars(query.order_by(Message.id)))


def test_a_part_goes_back_once_approved(
    session: Session,
    payer: Actor,
    cashier: Cashier,
    institution: Institution,
    client: FlaskClient,
    signed_in: Callable[[UUID], FlaskClient],
    run_jobs: Callable[[], int],
) -> None:
    payment = settle(session, payer, cashier)
    row = owed(session, payment, institution, payer, 4_200)
    administrator = staff(session, Role.ADMINISTRATOR, institution)
    session.commit()
    browser = signed_in(administrator.account_id)
    page = browser.get(PAGE).get_data(as_text=True)
    assert "¥42" in page
    assert str(row.id) in page
    form = {"refund_ids": str(row.id)}
    with clock.shifted(timedelta(minutes=16)):  # the proof is not fresh any more
        assert browser.post("/refunds/approve", data=form).headers.get("Location") != PAGE
    assert row.state == RefundState.DUE
    cashier.begin_refunds("pending")
    provide_stripe("http://127.0.0.1:9")
    assert browser.post("/refunds/approve", data=form).headers["Location"] == PAGE
    assert browser.post("/refunds/approve", data=form).headers["Location"] == PAGE
    provide_stripe(cashier.url)
    run_jobs()
    [made] = cashier.client.v1.refunds.list().data
    assert (made.amount, made.status) == (4_200, "pending")
    cashier.settle(made.id, "failed")
    [failed] = cashier.events("refund.failed")
    assert [deliver(client, failed) for _ in range(2)] == [200, 200]
    shown = browser.get(f"/refunds/{row.id}").get_data(as_text=True)
    assert "付款的卡或账户已经停用" in shown
    assert "再退一次" not in shown  # it would not help
    assert "改在窗口付" in shown
    assert browser.post(f"/refunds/{row.id}/again", data={"way": "provider"}).status_code == 302
    cashier.begin_refunds("succeeded")
    run_jobs()
    session.expire_all()
    assert (row.state, row.attempt) == (RefundState.DONE, 2)
    assert deliver(client, failed | {"id": "evt_late"}) == 200  # of the attempt that was given up
    session.expire_all()
    assert row.state == RefundState.DONE
    assert state_of(session, payment.id) is PaymentState.SETTLED
    way = [notices.ON_ITS_WAY, notices.FAILED, notices.ON_ITS_WAY, notices.ARRIVED]
    assert told(session, payer) == way
    mine = signed_in(payer.account_id).get("/refunds/mine").get_data(as_text=True)
    assert "原路退回付款的账户" in mine
    assert "已退回" in mine


def test_what_was_paid_elsewhere_is_handed_out(
    session: Session,
    payer: Actor,
    institution: Institution,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
    signed_in: Callable[[UUID], FlaskClient],
) -> None:
    row = owed(session, None, institution, payer, 900)
    administrator = staff(session, Role.ADMINISTRATOR, institution)
    registrar = staff(session, Role.REGISTRAR, institution)
    elsewhere = staff(session, Role.ADMINISTRATOR, make_institution(session))
    own = staff(session, Role.ADMINISTRATOR, institution, payer.person_id)
    session.commit()
    approval = ApproveRefunds(refund_ids=[row.id])
    for nobody in (registrar, elsewhere, own, payer):
        with pytest.raises(Denied):
            approve_refunds(session, nobody, approval)
    with pytest.raises(NotFound):
        approve_refunds(session, administrator, ApproveRefunds(refund_ids=[row.id, new_id()]))
    with pytest.raises(Conflict):  # not approved yet
        pay_out(session, registrar, row.id, PayOut(seen=True))
    headers = bearer(administrator.account_id)
    answer = client.post(
        "/api/v1/payments/refunds/approve", json={"refund_ids": [str(row.id)]}, headers=headers
    )
    assert answer.get_json() == {"count": 1, "amount_fen": 900}
    with pytest.raises(Conflict):
        approve_refunds(session, administrator, approval)
    with pytest.raises(Invalid):
        pay_out(session, registrar, row.id, PayOut(seen=False))
    browser = signed_in(registrar.account_id)
    assert "核对了领款人的身份证" in browser.get(f"/refunds/{row.id}").get_data(as_text=True)
    assert browser.post(f"/refunds/{row.id}/pay-out", data={}).status_code == 422
    path = f"/refunds/{row.id}/pay-out"
    assert browser.post(path, data={"seen": "true"}).status_code == 303
    session.expire_all()
    [view] = refunds_of(session, [row.subject_id])[row.subject_id]
    assert (view.state, view.way, row.paid_out_by) == (
        RefundState.DONE,
        RefundWay.DESK,
        registrar.account_id,
    )
    listed = client.get("/api/v1/payments/refunds", headers=bearer(payer.account_id)).get_json()
    assert [each["number"] for each in listed["items"]] == [view.number]
    assert told(session, payer) == [notices.AT_THE_DESK, notices.PAID_OUT]


def test_never_more_than_was_paid(
    session: Session, payer: Actor, cashier: Cashier, institution: Institution
) -> None:
    payment = settle(session, payer, cashier)
    first = owed(session, payment, institution, payer, 9_000)
    second = owed(session, payment, institution, payer, 20_000)
    assert (first.amount_fen, second.amount_fen) == (9_000, 4_000)
    session.refresh(payment)
    assert payment.refunds_fen == payment.amount_fen
    with pytest.raises(IntegrityError, match="ck_payments_payment_refunds"):
        first.amount_fen += 1
        session.flush()
