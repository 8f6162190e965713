"""Scheduled work of the service packs."""

from core.database import transaction
from core.jobs import scheduled
from service_packs.services.orders import expire_orders


@scheduled("*/10 * * * *")
def close_unpaid_orders() -> None:
    """Close the orders that were not paid in time."""
    with transaction() as session:
        expire_orders(session)
