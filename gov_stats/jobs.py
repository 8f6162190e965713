"""Scheduled work of the statistics room."""

from core.database import transaction
from core.jobs import scheduled
from gov_stats.periods import Month
from gov_stats.services import compute, count_referrals


@scheduled("7 * * * *")
def compute_recent_months() -> None:
    """The running month, and the one before, whose services are still being confirmed."""
    current = Month.current()
    for month in (current.back(1), current):
        with transaction() as session:
            compute(session, month)


@scheduled("50 19 * * *")
def recount_referrals() -> None:
    """The referrals of those months once a day: a net under the events."""
    current = Month.current()
    for month in (current.back(1), current):
        with transaction() as session:
            count_referrals(session, month)
