"""Calls of routes are counted beside the tries, in PostgreSQL: one count for all processes."""

from auth.services import limits
from core.database import at_once, transaction
from core.web.limits import Limit


class RouteCounter:
    """The counter of ``core.web.limits``."""

    def count(self, kind: str, whose: str, limit: Limit) -> bool:
        """Count a call, in a transaction of its own."""
        with transaction() as session:
            return limits.count_request(session, kind, whose, limit.most, limit.within)

    def left(self, kind: str, whose: str, limit: Limit) -> bool:
        """Whether another call would be within the limit."""
        with at_once() as connection:
            return limits.requests_left(connection, kind, whose, limit.most, limit.within)
