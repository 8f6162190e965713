"""Background and scheduled work of appointments."""

from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from appointments.hospital import client as hospital
from appointments.queries.due import expired_holds, reminders_due, reserved_over, stopped_slots
from appointments.queries.exchange import due_calls, unreturned
from appointments.queries.referral_state import nearly_due, not_come, overdue
from appointments.queries.visits import sessions_to_settle
from appointments.queries.waits import sessions_to_close, sessions_to_offer
from appointments.services.conduct import forget_acts
from appointments.services.opening import FURTHEST, institutions_due, open_sessions
from appointments.services.outbound import ask_return, claim, settle
from appointments.services.queue import draw_due, prepare_releases
from appointments.services.referral_steps import lapse, remind
from appointments.services.referral_visits import give_up
from appointments.services.reminding import remind_of_visit
from appointments.services.stopping import end_stopped, end_waits
from appointments.services.sweeping import give_back_expired, release_reserved
from appointments.services.visits import settle_session
from appointments.services.waitlist import close_waits, offer_place
from core import clock
from core.database import reading, transaction
from core.errors import PortalError
from core.jobs import defer, job, outside_job, scheduled

log = structlog.get_logger()


@scheduled("*/10 * * * *")
def keep_sessions_open() -> None:
    """Open what the templates say up to every institution's horizon.

    A portal that was off for weeks has places again within minutes of coming back, hence the
    short interval; with nothing to open it is one query. Each institution has a transaction of
    its own, and one that fails is told of in the log, so that it holds up nobody else.
    """
    until = clock.today() + FURTHEST
    with reading() as session:
        due = institutions_due(session, until)
    for institution_id in due:
        try:
            with transaction() as session:
                open_sessions(session, until, institution_id)
        except (PortalError, SQLAlchemyError):
            log.exception("sessions.not_opened", institution_id=str(institution_id))


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


@job
def offer_places(session_id: str) -> None:
    """Offer the places of a session one by one, each in a transaction of its own, until none is
    left or nobody can take one. Run again, or by several workers at once, it goes on from there.
    """
    passed: set[UUID] = set()
    while True:
        with transaction() as session:
            turn = offer_place(session, UUID(session_id), passed)
        if turn is None:
            return
        passed.add(turn)


@scheduled("* * * * *")
def keep_waits_moving() -> None:
    """The safety net of the waitlist: close what is waited for in vain, and offer what is free,
    also where no event led to it.
    """
    with transaction() as session:
        closing, offering = sessions_to_close(session), sessions_to_offer(session)
    for session_id in closing:
        with transaction() as session:
            close_waits(session, session_id)
    for session_id in offering:
        offer_places(str(session_id))


@scheduled("25 * * * *")
def settle_visits() -> None:
    """Mark who came on the days that are over, session by session, where check-in says it."""
    with reading() as session:
        unsettled = sessions_to_settle(session)
    for session_id in unsettled:
        with transaction() as session:
            settle_session(session, session_id)


@scheduled("* * * * *")
def mind_referrals() -> None:
    """Recall the deadlines that come near, and end what nobody decided in time, or nobody came
    of.
    """
    with reading() as session:
        near, over, absent = nearly_due(session), overdue(session), not_come(session)
    for referral_id in near:
        with transaction() as session:
            remind(session, referral_id)
    for referral_id in over:
        with transaction() as session:
            lapse(session, referral_id)
    for referral_id in absent:
        with transaction() as session:
            give_up(session, referral_id)


@scheduled("* * * * *")
def keep_releases() -> None:
    """Make the queues of coming releases, and draw the order where nobody's request did."""
    with transaction() as session:
        due = prepare_releases(session)
    for release_id in due:
        with transaction() as session:
            draw_due(session, release_id)


@scheduled("20 19 * * *")
def forget_conduct() -> None:
    """Remove counted acts that no rule looks at any more."""
    with transaction() as session:
        forget_acts(session)


@scheduled("*/5 * * * *")
def remind_of_visits() -> None:
    """Remind of tomorrow's visits by day, and of those in two hours; each in a transaction of its
    own, so that one failure holds up nobody else's.
    """
    with reading() as session:
        due = reminders_due(session)
    for booking_id, kind in due:
        with transaction() as session:
            remind_of_visit(session, booking_id, kind)


@job
def end_bookings(session_id: str) -> None:
    """End what was booked in a stopped session, slot by slot; where a worker died in the middle,
    the next goes on with what is left.
    """
    stopped = UUID(session_id)
    with transaction() as session:
        end_waits(session, stopped)
    with reading() as session:
        slots = stopped_slots(session, stopped)
    for slot_id in slots:
        with transaction() as session:
            end_stopped(session, stopped, slot_id)


@outside_job
def call_hospital(booking_id: str) -> None:
    """Make the calls about a booking that are due, one after the other. Each is claimed first and
    brought back after, so that a run that dies in the middle, or a second one, does no harm.
    """
    while True:
        with transaction() as session:
            order = claim(session, UUID(booking_id))
        if order is None:
            return
        answer = hospital.call(order)
        with transaction() as session:
            settle(session, order, answer)


@scheduled("* * * * *")
def call_hospitals() -> None:
    """Take up the calls whose pause is over, and those whose maker is gone."""
    with reading() as session:
        due = due_calls(session)
    with transaction() as session:
        for booking_id in due:
            defer(session, call_hospital, booking_id=str(booking_id))


@scheduled("*/10 * * * *")
def return_numbers() -> None:
    """Ask back the numbers of bookings that ended without a word."""
    with reading() as session:
        ended = unreturned(session)
    for booking_id in ended:
        with transaction() as session:
            ask_return(session, booking_id)
