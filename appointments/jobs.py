"""Scheduled work of appointments."""

from appointments.services.opening import FURTHEST, open_sessions
from core import clock
from core.database import transaction
from core.jobs import scheduled


@scheduled("*/10 * * * *")
def keep_sessions_open() -> None:
    """Open what the templates say up to every institution's horizon.

    A portal that was off for weeks has places again within minutes of coming back, hence the
    short interval; with nothing to open it is one query.
    """
    with transaction() as session:
        open_sessions(session, clock.today() + FURTHEST)
