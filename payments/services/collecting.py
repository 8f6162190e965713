"""Opening payments and taking over what the provider says of intents.

What the provider says may come twice, late, out of order or not at all: every step is a
conditional update that moves the state forward or does nothing.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict
from core.events import publish
from core.ids import new_id
from core.jobs import defer_by_name
from core.messages import N_
from payments.events import PaymentCancelled, PaymentFailed, PaymentRefunded, PaymentSettled
from payments.models import Payment, Refund
from payments.queries.payments import load, require_payment
from payments.schemas import (
    OPEN_STATES,
    Action,
    Checkout,
    CheckoutRequest,
    IntentStatus,
    IntentView,
    PaymentState,
    PaymentView,
    RefundState,
)

CURRENCY = "CNY"
AMOUNT_MISMATCH = "amount_mismatch"
CLOSE_JOB = "payments.jobs.close"
BEFORE_SETTLED = (*OPEN_STATES, PaymentState.CANCELLED)
log = structlog.get_logger()


def open_payment(
    session: Session,
    actor: Actor,
    *,
    purpose: str,
    subject_id: UUID,
    person_id: UUID,
    amount_fen: int,
    description: str,
) -> PaymentView:
    """The one payment for a subject; opening it again gives the same one.

    ``description`` is shown by the provider, so it must not tell anything about health.
    Raises Denied.
    """
    payment_id = new_id()
    require_payment(session, actor, Action.OPEN, payment_id, person_id)
    row = insert(Payment).values(
        id=payment_id,
        purpose=purpose,
        subject_id=subject_id,
        person_id=person_id,
        account_id=actor.account_id,
        amount_fen=amount_fen,
        currency=CURRENCY,
        description=description,
        state=PaymentState.CREATED,
    )
    session.execute(row.on_conflict_do_nothing(index_elements=["purpose", "subject_id"]))
    query = select(Payment).where(Payment.purpose == purpose, Payment.subject_id == subject_id)
    return PaymentView.model_validate(session.scalars(query).one())


def request_checkout(
    session: Session, actor: Actor, payment_id: UUID, return_url: str
) -> CheckoutRequest:
    """What to ask the provider for after this transaction. Raises Conflict ``payment_closed``."""
    payment = load(session, actor, Action.OPEN, payment_id)
    if payment.state not in OPEN_STATES:
        raise Conflict("payment_closed", N_("这笔支付已经结束，请刷新页面查看结果。"))
    return CheckoutRequest(
        payment_id=payment.id,
        amount_fen=payment.amount_fen,
        currency=payment.currency,
        description=payment.description,
        return_url=return_url,
        reference=payment.provider_reference,
    )


def take_checkout(session: Session, intent: IntentView) -> Checkout | None:
    """Keep the provider's answer to a checkout; None where the payment is not ours."""
    payment = take_intent(session, intent)
    if payment is None:
        return None
    payable = payment.state in OPEN_STATES
    return Checkout(
        payment=payment,
        checkout_url=intent.checkout_url if payable else None,
        client_secret=intent.client_secret if payable else None,
    )


def take_intent(session: Session, intent: IntentView) -> PaymentView | None:
    """Bring our payment to where the provider says it is; None where it is not ours."""
    payment = _attach(session, intent)
    if payment is None:
        return None
    if intent.status is IntentStatus.SUCCEEDED:
        _take_money(session, payment, intent)
    elif intent.status is IntentStatus.CANCELLED:
        if _move(session, payment, PaymentState.CANCELLED, OPEN_STATES):
            publish(session, PaymentCancelled(**_subject(payment)))
    elif payment.state == PaymentState.CANCELLED:
        defer_by_name(session, CLOSE_JOB, payment_id=str(payment.id))
    elif intent.status is IntentStatus.FAILED:
        before = (PaymentState.CREATED, PaymentState.PENDING)
        if _move(session, payment, PaymentState.FAILED, before, failure_code=intent.failure_code):
            publish(session, PaymentFailed(**_subject(payment)))
    else:
        before = (PaymentState.CREATED, PaymentState.FAILED)
        _move(session, payment, PaymentState.PENDING, before, failure_code=None)
    return PaymentView.model_validate(payment)


def cancel_payment(session: Session, payment_id: UUID) -> None:
    """Close a payment that is still open; the caller has asked the policy about its subject.

    The provider is told after the commit. Money that was quicker settles it all the same.
    """
    cancelled = session.execute(
        update(Payment)
        .where(Payment.id == payment_id, Payment.state.in_(OPEN_STATES))
        .values(state=PaymentState.CANCELLED)
    )
    if cancelled.rowcount == 1:  # type: ignore[attr-defined]
        defer_by_name(session, CLOSE_JOB, payment_id=str(payment_id))


def weigh_refunds(session: Session, payment_id: UUID) -> None:
    """Whether all of a settled payment is given back now. It is held, so that two refunds of it
    that are done at once see each other. Again does nothing.
    """
    held = select(Payment).where(Payment.id == payment_id).with_for_update()
    payment = session.scalars(held, execution_options={"populate_existing": True}).one()
    done = select(func.sum(Refund.amount_fen)).where(
        Refund.payment_id == payment.id, Refund.state == RefundState.DONE
    )
    if session.scalar(done) == payment.amount_fen:
        now = clock.now()
        if _move(session, payment, PaymentState.REFUNDED, (PaymentState.SETTLED,), refunded_at=now):
            publish(session, PaymentRefunded(**_subject(payment)))


def mark_returned(session: Session, payment_id: UUID) -> None:
    """A refund of it came back: the money is here again."""
    payment = session.get_one(Payment, payment_id)
    before = (PaymentState.REFUNDED,)
    _move(session, payment, PaymentState.SETTLED, before, refunded_at=None)


def _attach(session: Session, intent: IntentView) -> Payment | None:
    """Our row of an intent, locked. An answer of the provider that got lost is made up for here:
    the metadata names the payment that has no reference yet.
    """
    unnamed = and_(Payment.id == intent.payment_id, Payment.provider_reference.is_(None))
    values: dict[str, Any] = {"provider_reference": intent.reference, "checked_at": clock.now()}
    if intent.client_secret:
        values["client_secret"] = intent.client_secret
    found = session.scalars(
        update(Payment)
        .where(or_(Payment.provider_reference == intent.reference, unnamed))
        .values(**values)
        .returning(Payment),
        execution_options={"populate_existing": True},
    )
    return found.one_or_none()


def _take_money(session: Session, payment: Payment, intent: IntentView) -> None:
    """Only the agreed amount in the agreed currency settles."""
    if (intent.received_fen, intent.currency) != (payment.amount_fen, payment.currency):
        log.error("payment.amount_mismatch", payment_id=str(payment.id))
        _move(session, payment, PaymentState.PENDING, OPEN_STATES, failure_code=AMOUNT_MISMATCH)
        return
    now = clock.now()
    if _move(
        session, payment, PaymentState.SETTLED, BEFORE_SETTLED, settled_at=now, failure_code=None
    ):
        publish(session, PaymentSettled(**_subject(payment)))
        weigh_refunds(session, payment.id)


def _move(
    session: Session,
    payment: Payment,
    state: PaymentState,
    before: Iterable[PaymentState],
    **values: object,
) -> bool:
    """Move the payment on, if it stands where it may be moved from."""
    moved = session.scalars(
        update(Payment)
        .where(Payment.id == payment.id, Payment.state.in_(before))
        .values(state=state, **values)
        .returning(Payment),
        execution_options={"populate_existing": True},
    )
    return moved.one_or_none() is not None


def _subject(payment: Payment) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "purpose": payment.purpose,
        "subject_id": payment.subject_id,
    }
