"""Scheduled work of appointments."""

from appointments.queries.due import expired_holds, reminders_due, reserved_over
from appointments.services.opening import FURTHEST, open_sessions
from appointments.services.reminding import remind
from appointments.services.sweeping import give_back_expired, release_reserved
from core import clock
from core.database import reading, transaction
from core.jobs import scheduled


@scheduled("*/10 * * * *")
def keep_sessions_open() -> None:
    """Open what the templates say up to every institution's horizon.

    A portal that was off for weeks has places again within minutes of coming back, hence the
    short interval; with nothing to open it is one query.
    """
    with transaction() as session:
        open_sessions(session, clock.today() + FURTHEST)


@scheduled("* * * * *")
def return_places() -> None:
    """Give back held places whose time is up, and reserved ones nobody took in time. Slot by slot,
    each in a transaction of its own, so that a booking never waits for a sweep.
    """
    with reading() as session:
        expired, over = expired_holds(session), reserved_over(session)
    for slot_id in expired:
        with transaction() as session:
            give_back_expired(session, slot_id)
    for slot_id in over:
        with transaction() as session:
            release_reserved(session, slot_id)


@scheduled("*/5 * * * *")
def remind_of_visits() -> None:
    """Remind of tomorrow's visits by day, and of those in two hours; each in a transaction of its
    own, so that one failure holds up nobody else's.
    """
    with reading() as session:
        due = reminders_due(session)
    for booking_id, kind in due:
        with transaction() as session:
            remind(session, booking_id, kind)
