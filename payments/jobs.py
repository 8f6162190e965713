"""Work with the provider outside any request: closing, giving back, and asking what was missed."""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select

from core import clock
from core.database import transaction
from core.errors import PortalError
from core.jobs import job, scheduled
from payments.models import Payment
from payments.ports import provider
from payments.queries import find_reference
from payments.schemas import PaymentState
from payments.services import take_intent

QUIET = timedelta(minutes=10)
AT_ONCE = 50
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
def refund(payment_id: str) -> None:
    """Give a settled payment back; a webhook says when it is done."""
    with transaction() as session:
        reference = find_reference(session, UUID(payment_id), PaymentState.SETTLED)
    if reference is not None:
        intent = provider().refund(reference, f"{payment_id}:refund")
        with transaction() as session:
            take_intent(session, intent)


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
        _ask(str(reference))


def _ask(reference: str) -> None:
    """One that cannot be asked now is asked in the next round; the others go on."""
    try:
        intent = provider().find(reference)
    except PortalError as error:
        log.warning("payment.not_reconciled", code=error.code)
        return
    with transaction() as session:
        take_intent(session, intent)
