"""Reads of payments, by whoever pays them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor, Resource, require
from core.errors import NotFound
from payments.models import Payment
from payments.schemas import OPEN_STATES, Action, PaymentView
from residents.public import acting, representatives_of
from residents.schemas import Scope


def require_payment(
    session: Session, actor: Actor, action: Action, payment_id: UUID, person_id: UUID | None
) -> None:
    """Let the actor do ``action`` with a payment for this person. Raises Denied."""
    kin: list[str] = []
    if person_id and actor.person_id not in (None, person_id):
        kin = sorted(map(str, representatives_of(session, person_id, Scope.PAY)))
    resource = Resource("Payment", str(payment_id), person_id, more={"kin": kin})
    require(session, acting(actor, person_id, kin) if person_id else actor, action, resource)


def get_payment(session: Session, actor: Actor, payment_id: UUID) -> PaymentView:
    """One payment. Raises NotFound or Denied."""
    return PaymentView.model_validate(load(session, actor, Action.READ, payment_id))


def load(session: Session, actor: Actor, action: Action, payment_id: UUID) -> Payment:
    """The row, if the actor may do this with it. Raises NotFound or Denied."""
    payment = session.get(Payment, payment_id, populate_existing=True)
    if payment is None:
        raise NotFound()
    require_payment(session, actor, action, payment.id, payment.person_id)
    return payment


def find_open_reference(session: Session, actor: Actor, payment_id: UUID) -> str | None:
    """The provider's name of a payment that may still change; None where there is nothing to ask.

    Raises NotFound or Denied.
    """
    payment = load(session, actor, Action.READ, payment_id)
    return payment.provider_reference if payment.state in OPEN_STATES else None


def find_reference(session: Session, payment_id: UUID) -> str | None:
    """For jobs: the provider's name of a payment, if it has one."""
    query = select(Payment.provider_reference).where(Payment.id == payment_id)
    return session.scalar(query)
