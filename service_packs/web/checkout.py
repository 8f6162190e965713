"""Paying an order: two transactions with the provider's answer between them."""

from uuid import UUID

from core.database import transaction
from core.settings import settings
from core.web.access import current_actor
from payments.public import collect, look_up, take_intent
from service_packs.schemas import CheckoutView
from service_packs.services.orders import (
    find_open_intent,
    request_order_checkout,
    take_order_checkout,
)

# Where the provider sends the payer back to: service_packs.returned.
RETURN_PATH = "/packs/orders/{order_id}/return"


def begin_checkout(order_id: UUID) -> CheckoutView:
    """Ask the provider to collect. Raises NotFound, Denied, Conflict, Unavailable.

    The address to return to is made of settings, not of the request: it is the same at every try.
    """
    actor = current_actor()
    return_url = settings().public_url.rstrip("/") + RETURN_PATH.format(order_id=order_id)
    with transaction() as session:
        request = request_order_checkout(session, actor, order_id, return_url)
    intent = collect(request)
    with transaction() as session:
        return take_order_checkout(session, actor, order_id, intent)


def refresh(order_id: UUID) -> None:
    """Ask the provider once how the payment stands, if that is still open: a webhook may be late
    or lost. Raises NotFound, Denied, Unavailable.
    """
    actor = current_actor()
    with transaction() as session:
        reference = find_open_intent(session, actor, order_id)
    if reference is None:
        return
    intent = look_up(reference)
    with transaction() as session:
        take_intent(session, intent)
