"""The audit's partitions: one a month (UTC), made ahead of time.

What finds no month lands in the default partition, and is moved when its month is made.
"""

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import clock
from core.database import transaction
from core.jobs import scheduled

MONTHS_AHEAD = 3
# Defined by its migration; making a month that there is already does nothing.
MAKE = text("SELECT core_make_audit_partition(:month)")


@scheduled("50 18 * * *")
def make_partitions_ahead() -> None:
    """Make the running month and the coming ones; daily, at night in China."""
    with transaction() as session:
        make_partitions(session, clock.now().date(), MONTHS_AHEAD)


def make_partitions(session: Session, day: date, ahead: int) -> None:
    """Make the month of ``day`` and ``ahead`` more."""
    for number in range(ahead + 1):
        years, month = divmod(day.month - 1 + number, 12)
        session.execute(MAKE, {"month": date(day.year + years, month + 1, 1)})
