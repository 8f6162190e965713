"""Webhook events: each is handled once, however often it arrives."""

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core import clock
from payments.models import WebhookEvent
from payments.schemas import ProviderEvent
from payments.services.collecting import take_intent
from payments.services.refunds import take_refund


def take_event(session: Session, event: ProviderEvent) -> None:
    """Handle a verified webhook event once, however often it arrives."""
    now = clock.now()
    claim = insert(WebhookEvent).values(
        provider_event_id=event.id, type=event.type, received_at=now
    )
    claimed = session.execute(
        claim.on_conflict_do_nothing().returning(WebhookEvent.provider_event_id)
    ).first()
    if claimed is None:
        return
    payment_id = None
    if event.intent is not None and (payment := take_intent(session, event.intent)):
        payment_id = payment.id
    elif event.refund is not None and (refund := take_refund(session, event.refund)):
        payment_id = refund.payment_id
    if payment_id is not None:
        session.execute(
            update(WebhookEvent)
            .where(WebhookEvent.provider_event_id == event.id)
            .values(payment_id=payment_id, handled_at=now)
        )
