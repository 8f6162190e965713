"""Work with the provider outside any request: closing, giving back, and asking what was missed."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy import func, select

from core import clock
from core.database import transaction
from core.errors import PortalError
from core.jobs import job, scheduled
from payments.models import Payment, Refund
from payments.ports import provider
from payments.queries.payments import find_reference
from payments.queries.refunds import find_request, on_its_way
from payments.schemas import PaymentState
from payments.services.collecting import take_intent
from payments.services.refunds import take_refund

QUIET = timedelta(minutes=10)
AT_ONCE = 50
T = TypeVar("T")
log = structlog.get_logger()


@job
def close(payment_id: str) -> None:
    """Tell the provider that nothing is to be paid any more; money that was quicker is taken."""
    with transaction() as session:
        reference = find_reference(session, UUID(payment_id))
    if reference is None:
        return
    intent = provider().close(reference)
    with transaction() as session:
        take_intent(session, intent)


@job
def send_refund(refund_id: str) -> None:
    """Ask the provider to give back what was approved; a webhook says what its bank does later."""
    _give_back(UUID(refund_id))


@scheduled("*/5 * * * *")
def reconcile() -> None:
    """Ask about payments of which nothing was heard for ten minutes: a webhook may be lost."""
    heard = func.coalesce(Payment.checked_at, Payment.created_at)
    with transaction() as session:
        references = session.scalars(
            select(Payment.provider_reference)
            .where(
                Payment.state.in_((PaymentState.PENDING, PaymentState.FAILED)),
                Payment.provider_reference.is_not(None),
                heard < clock.now() - QUIET,
            )
            .order_by(heard)
            .limit(AT_ONCE)
        ).all()
    for reference in references:
        _try(_ask, str(reference))


@scheduled("*/5 * * * *")
def reconcile_refunds() -> None:
    """The same about refunds on their way; one of which the provider knows nothing is made then."""
    heard = func.coalesce(Refund.heard_at, Refund.approved_at)
    with transaction() as session:
        refund_ids = session.scalars(
            select(Refund.id)
            .where(on_its_way(), heard < clock.now() - QUIET)
            .order_by(heard)
            .limit(AT_ONCE)
        ).all()
    for refund_id in refund_ids:
        _try(_give_back, refund_id)


def _try(ask: Callable[[T], None], about: T) -> None:
    """One that cannot be asked now is asked in the next round; the others go on."""
    try:
        ask(about)
    except PortalError as error:
        log.warning("payment.not_reconciled", code=error.code)


def _ask(reference: str) -> None:
    intent = provider().find(reference)
    with transaction() as session:
        take_intent(session, intent)


def _give_back(refund_id: UUID) -> None:
    with transaction() as session:
        request = find_request(session, refund_id)
    if request is None:
        return
    report = provider().refund(request)
    with transaction() as session:
        take_refund(session, report)
