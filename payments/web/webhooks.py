"""POST /webhooks/stripe: what the provider tells us. Its signature is its only credential."""

from flask import Blueprint, Response, request

from core.database import transaction
from core.errors import Invalid
from core.web.access import ANYONE, open_to
from payments.ports import provider
from payments.services import take_event

webhooks = Blueprint("payments_webhooks", __name__, url_prefix="/webhooks")


@webhooks.post("/stripe")
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
