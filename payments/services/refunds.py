"""Giving back: what is due, its approval, and what became of it.

The provider is asked after the commit. What it says may come twice, late, out of order or not at
all: of one attempt every step moves the state forward or does nothing, and what an earlier attempt
says is not heard any more.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from auth.public import prove_again
from core import clock
from core.access import Actor, require
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.jobs import defer_by_name
from core.messages import N_
from directory.public import get_institution
from payments.models import Payment, Refund
from payments.queries.refunds import load_refund, named, refund_resource
from payments.schemas import (
    Approved,
    ApproveRefunds,
    PaymentState,
    PayOut,
    RefundAction,
    RefundDue,
    RefundReport,
    RefundState,
    RefundStatus,
    RefundView,
    RefundWay,
    SendAgain,
)
from payments.services import refund_notices as notices
from payments.services.collecting import mark_returned, weigh_refunds
from residents.public import Person

SEND_JOB = "payments.jobs.send_refund"
# Who holds the money of a payment, so that it can give it back.
PROVIDER = "stripe"
MOVED = N_("这笔退款刚有变化，请刷新页面，按最新的状态办理。")
log = structlog.get_logger()


def owe_refund(session: Session, due: RefundDue) -> None:
    """Note what is to be given back beyond what was due before, once a cause; an administrator
    approves it. The caller has asked the policy about what made it due, and holds that.

    Where the thing was paid through the provider it goes back that way, and never more than is
    left of the payment; what was paid otherwise is handed out at the institution's desk.
    """
    payment = _hold_payment(
        session, Payment.purpose == due.purpose, Payment.subject_id == due.subject_id
    )
    before = select(func.coalesce(func.sum(Refund.amount_fen), 0)).where(
        Refund.purpose == due.purpose, Refund.subject_id == due.subject_id
    )
    amount = due.amount_fen - (session.scalar(before) or 0)
    if payment is not None:
        amount = min(amount, _left(payment))
    if amount > 0:
        values = due.model_dump(exclude={"amount_fen"})
        division = get_institution(session, due.institution_id).division_code
        _keep(session, payment, **values, division_code=division, amount_fen=amount)


def request_refund(session: Session, payment_id: UUID) -> None:
    """Give back, after the commit and once, what is left of a settled payment for which nothing was
    given: that waits for nobody's approval.
    """
    payment = _hold_payment(session, Payment.id == payment_id)
    if payment is not None and _left(payment) > 0:
        refund = _keep(session, payment, **_of_itself(payment), amount_fen=_left(payment))
        if refund is not None:
            defer_by_name(session, SEND_JOB, refund_id=str(refund.id))


def approve_refunds(session: Session, actor: Actor, command: ApproveRefunds) -> Approved:
    """Send what is due: by the provider, or ready at the desk. What somebody approved meanwhile is
    left out.

    Raises NotFound, Denied, StepUpRequired, and Conflict ``refund_moved`` where none is due.
    """
    wanted = set(command.refund_ids)
    query = select(Refund).where(Refund.id.in_(wanted)).order_by(Refund.id).with_for_update()
    rows = session.scalars(query, execution_options={"populate_existing": True}).all()
    if len(rows) != len(wanted):
        raise NotFound()
    for row in rows:
        require(session, actor, RefundAction.APPROVE, refund_resource(row))
    prove_again(session, actor)
    due = [row for row in rows if row.state == RefundState.DUE]
    if not due:
        raise Conflict("refund_moved", MOVED)
    for row in due:
        _send(session, actor, row, (RefundState.DUE,), way=row.way)
    return Approved(count=len(due), amount_fen=sum(row.amount_fen for row in due))


def send_again(session: Session, actor: Actor, refund_id: UUID, command: SendAgain) -> RefundView:
    """What failed goes to the provider once more, or is made ready at the desk.

    Raises NotFound, Denied, StepUpRequired, Conflict ``refund_moved``.
    """
    row = load_refund(session, actor, refund_id, RefundAction.APPROVE)
    prove_again(session, actor)
    # By a reference of its own a new attempt is told from the failed one. What is handed out keeps
    # that of the failed one, as evidence.
    again: dict[str, Any] = {}
    if command.way is RefundWay.PROVIDER:
        again = {"attempt": Refund.attempt + 1, "provider_reference": None, "failure_code": None}
    sent = _send(session, actor, row, (RefundState.FAILED,), way=command.way, **again)
    return named(session, [sent])[0]


def pay_out(session: Session, actor: Actor, refund_id: UUID, command: PayOut) -> RefundView:
    """Record that the actor handed the money out at the desk.

    Raises NotFound, Denied, Invalid ``paper_unseen``, Conflict ``refund_moved``.
    """
    row = load_refund(session, actor, refund_id, RefundAction.PAY_OUT)
    if not command.seen:
        raise Invalid("paper_unseen", N_("请先核对领款人的证件，再登记付款。"))
    paid = _move(
        session,
        row,
        Refund.state == RefundState.SENT,
        Refund.way == RefundWay.DESK,
        state=RefundState.DONE,
        done_at=clock.now(),
        paid_out_by=actor.account_id,
    )
    if paid is None:
        raise Conflict("refund_moved", MOVED)
    if paid.payment_id is not None:
        weigh_refunds(session, paid.payment_id)
    notices.tell(session, paid, notices.PAID_OUT)
    return named(session, [paid])[0]


def take_refund(session: Session, report: RefundReport) -> Refund | None:
    """Bring our refund to where the provider says it is; None where it is not ours."""
    row = _hold(session, report)
    if row is None:
        return _keep_foreign(session, report)
    if (report.amount_fen, report.currency) != (row.amount_fen, row.currency):
        log.error("refund.amount_mismatch", refund_id=str(row.id))
        return None
    now = clock.now()
    reference = report.reference or row.provider_reference
    _move(session, row, provider_reference=reference, heard_at=now)
    if report.status is RefundStatus.SUCCEEDED:
        before = Refund.state == RefundState.SENT
        if _move(session, row, before, state=RefundState.DONE, done_at=now):
            if row.payment_id is not None:
                weigh_refunds(session, row.payment_id)
            notices.tell(session, row, notices.ARRIVED)
    elif report.status is RefundStatus.FAILED:
        _fail(session, row, report)
    return row


def _fail(session: Session, row: Refund, report: RefundReport) -> None:
    before = Refund.state.in_((RefundState.SENT, RefundState.DONE))
    failure = {"failure_code": report.failure_code, "failed_at": clock.now(), "done_at": None}
    if not _move(session, row, before, state=RefundState.FAILED, **failure):
        return
    log.warning("refund.failed", refund_id=str(row.id), code=report.failure_code)
    if row.payment_id is not None:
        mark_returned(session, row.payment_id)
    if report.refund_id is None:
        # What nobody here owed is not sent again from here; the payment may be given back anew.
        session.execute(delete(Refund).where(Refund.id == row.id))
    else:
        notices.tell(session, row, notices.FAILED)


def _hold_payment(session: Session, *which: Any) -> Payment | None:
    query = select(Payment).where(*which).with_for_update()
    return session.scalar(query, execution_options={"populate_existing": True})


def _left(payment: Payment) -> int:
    """What may still be given back of it (fen)."""
    return payment.amount_fen - payment.refunds_fen if payment.state == PaymentState.SETTLED else 0


def _of_itself(payment: Payment) -> dict[str, Any]:
    """A refund that nothing made due but the payment itself; by the division of its person."""
    division = select(Person.division_code).where(Person.id == payment.person_id)
    return {
        "cause_id": payment.id,
        "purpose": payment.purpose,
        "subject_id": payment.subject_id,
        "person_id": payment.person_id,
        "institution_id": None,
        "division_code": division.scalar_subquery(),
        "state": RefundState.SENT,
        "approved_at": clock.now(),
    }


def _keep(session: Session, payment: Payment | None, **values: Any) -> Refund | None:
    """A new row; None where this cause has one already."""
    by_provider = payment is not None and payment.provider == PROVIDER
    row = insert(Refund).values(
        **{
            "id": new_id(),
            "payment_id": payment.id if payment else None,
            "currency": payment.currency if payment else "CNY",
            "way": RefundWay.PROVIDER if by_provider else RefundWay.DESK,
            "state": RefundState.DUE,
            "attempt": 1,
            "created_at": clock.now(),
            **values,
        }
    )
    return session.scalars(row.on_conflict_do_nothing().returning(Refund)).one_or_none()


def _keep_foreign(session: Session, report: RefundReport) -> Refund | None:
    """One that somebody made at the provider itself, of a payment of ours: it counts like any. What
    this report says may be old, so the provider is asked.
    """
    if report.refund_id or not report.reference:
        return None
    payment = _hold_payment(session, Payment.provider_reference == report.payment_reference)
    if payment is None:
        return None
    if payment.refunds_fen + report.amount_fen > payment.amount_fen:
        log.error("refund.beyond_payment", payment_id=str(payment.id))
        return None
    made = {"cause_id": new_id(), "provider_reference": report.reference}
    row = _keep(session, payment, **_of_itself(payment) | made, amount_fen=report.amount_fen)
    if row is not None:
        defer_by_name(session, SEND_JOB, refund_id=str(row.id))
    return row


def _hold(session: Session, report: RefundReport) -> Refund | None:
    """Our row of a report, locked: by the provider's name of it, else by the attempt that has none
    yet. The report of an attempt that was given up finds nothing.
    """
    unnamed = and_(
        Refund.id == report.refund_id,
        Refund.attempt == report.attempt,
        Refund.provider_reference.is_(None),
    )
    query = (
        select(Refund)
        .where(
            Refund.way == RefundWay.PROVIDER,
            or_(Refund.provider_reference == report.reference, unnamed),
        )
        .with_for_update()
    )
    return session.scalar(query, execution_options={"populate_existing": True})


def _send(
    session: Session,
    actor: Actor,
    row: Refund,
    before: Iterable[RefundState],
    **values: Any,
) -> Refund:
    sent = _move(
        session,
        row,
        Refund.state.in_(before),
        state=RefundState.SENT,
        approved_at=clock.now(),
        approved_by=actor.account_id,
        failed_at=None,
        heard_at=None,
        **values,
    )
    if sent is None:
        raise Conflict("refund_moved", MOVED)
    if sent.way == RefundWay.PROVIDER:
        defer_by_name(session, SEND_JOB, refund_id=str(sent.id))
        notices.tell(session, sent, notices.ON_ITS_WAY)
    else:
        notices.tell(session, sent, notices.AT_THE_DESK)
    return sent


def _move(session: Session, row: Refund, *before: Any, **values: Any) -> Refund | None:
    """Change the row, if it stands where it may be changed."""
    change = update(Refund).where(Refund.id == row.id, *before).values(**values).returning(Refund)
    fresh = {"populate_existing": True, "synchronize_session": False}
    return session.scalars(change, execution_options=fresh).one_or_none()
