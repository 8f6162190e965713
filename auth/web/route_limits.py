"""Calls of routes are counted beside the tries, in PostgreSQL: one count for all processes."""

from auth.services import limits
from core.database import at_once, transaction
from core.web.limits import Limit


class RouteCounter:
    """The counter of ``core.web.limits``."""

    def count(self, kind: str, whose: str, limit: Limit) -> int:
        """Count a share of calls, in a transaction of its own."""
        with transaction() as session:
            return limits.count_requests(
                session, kind, whose, limit.most, limit.within, limit.share
            )

    def left(self, kind: str, whose: str, limit: Limit) -> int:
        """How long there will be no other call within the limit."""
        with at_once() as connection:
            return limits.wait_for_request(connection, kind, whose, limit.most, limit.within)
