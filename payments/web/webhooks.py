"""POST /webhooks/stripe: what the provider tells us. Its signature is its only credential."""

from datetime import timedelta

from flask import Blueprint, Response, request

from core.database import transaction
from core.errors import Invalid
from core.web.access import ANYONE, open_to
from core.web.limits import body_at_most, limited
from payments.ports import provider
from payments.services.hearing import take_event

EVENT_BYTES = 256 * 1024

webhooks = Blueprint("payments_webhooks", __name__, url_prefix="/webhooks")


@webhooks.post("/stripe")
@limited(300, timedelta(minutes=5), failures=True)
@body_at_most(EVENT_BYTES)
@open_to(ANYONE)
def stripe_event() -> Response:
    """Any event with a right signature is acknowledged, also one that asks nothing of us."""
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = provider().read_event(request.get_data(), signature)
    except Invalid:
        return Response(status=400)
    with transaction() as session:
        take_event(session, event)
    return Response(status=200)
