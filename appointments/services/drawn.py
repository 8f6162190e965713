"""Orders that are drawn: at that moment everybody who waited comes to see their number within
seconds, and as it never changes again, each process asks the database once for all of them.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from appointments.queries.queue import DRAWN, queue_view
from appointments.schemas import QueueView
from core.memory import Memory

# An order of more people than these is asked for place by place.
MOST = 10_000


class Order(NamedTuple):
    """A release whose order is drawn: neither changes any more, nor do the numbers by person."""

    release: Mapping[str, Any]
    numbers: Mapping[UUID, int]


_orders: Memory[UUID, Order] = Memory(2)


def remember(connection: psycopg.Connection[Any], row: Mapping[str, Any]) -> None:
    """Keep the order of this place (a row of ``STANDING``), where it was drawn."""
    if row["number"] and row["number"] <= row["drawn"] <= MOST:
        _orders.get(row["id"], lambda: _read(connection, row))


def remembered(release_id: UUID, person_id: UUID) -> QueueView | None:
    """How somebody stands who was drawn in an order that this process knows."""
    order = _orders.find(release_id)
    number = order.numbers.get(person_id) if order else None
    if order is None or number is None:
        return None
    # When they came matters before the draw only.
    return queue_view({**order.release, "number": number, "arrived_at": order.release["drawn_at"]})


def _read(connection: psycopg.Connection[Any], row: Mapping[str, Any]) -> Order:
    drawn = connection.execute(DRAWN, {"release": row["id"], "drawn": row["drawn"]})
    return Order(row, {each["person_id"]: each["number"] for each in drawn})
