"""The portal with faults planted, each for those requests that ask for it: the proof must find
every one.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from appointments.schemas import BookGroup, BookingView
from appointments.services import booking
from appointments.web import api
from core.access import Actor
from core.errors import Conflict
from portal.factory import create_app
from tests.histories.served import FAULT, Wsgi, beside

# By name: what of a statement becomes what. A confirmed place is still held; a place that comes
# back while somebody waits is kept for walk-ins, so that it is offered to nobody.
REWRITTEN = {
    "unconfirmed": ("SET state = 'booked', held_until = NULL", "SET number = number"),
    "lost": ("THEN 'waitlist'\n", "THEN 'onsite'\n"),
}
# Where there are not places for all of a family, the first has one.
HALF = "half"
FAULTS = (HALF, *REWRITTEN)


class Asked(threading.local):
    """Which fault the request has that this thread answers."""

    fault: str | None = None


asked = Asked()


def book_group(session: Session, actor: Actor, command: BookGroup) -> list[BookingView]:
    """As the product's, but for the fault."""
    if asked.fault != HALF:
        return booking.book_group(session, actor, command)
    try:
        with session.begin_nested():
            return booking.book_group(session, actor, command)
    except Conflict:
        return booking.book_group(session, actor, BookGroup(bookings=command.bookings[:1]))


def rewrite(
    _connection: object, _cursor: object, statement: str, parameters: Any, *_: object
) -> tuple[str, Any]:
    """The statement with its fault."""
    if asked.fault in REWRITTEN:
        statement = statement.replace(*REWRITTEN[asked.fault])
    return statement, parameters


def make_app() -> Wsgi:
    """The faulty portal, with the offering job beside it."""
    patch.object(api, "book_group", book_group).start()
    event.listen(Engine, "before_cursor_execute", rewrite, retval=True)
    portal = beside(create_app())

    def answer(
        environ: dict[str, Any], start_response: Callable[..., Callable[[bytes], Any]]
    ) -> Iterable[bytes]:
        asked.fault = environ.get("HTTP_" + FAULT.upper().replace("-", "_"))
        return portal(environ, start_response)

    return answer
