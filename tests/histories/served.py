"""The portal with the offering job beside it: ``POST /offers/<session id>`` runs the job in the
process that answers, so that it is killed in the middle as requests are.

It answers in lines of JSON while the job goes on: when a turn begins, and when it has committed
(``time.monotonic``, the same clock for all processes of the machine) whose it was and what they
were offered; ``done`` is the last.
"""

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from appointments import jobs
from appointments.services import waitlist
from portal.factory import create_app

OFFERS = "/offers/"
# The header by which a client asks for a planted fault, where there are any.
FAULT = "X-Fault"
WHOSE = text("""
SELECT wait.id, wait.person_id, wait.created_at, booking.id AS booking_id, booking.slot_id,
    booking.number, booking.state
FROM appointments_wait AS wait
LEFT JOIN appointments_booking AS booking
    ON booking.id = wait.booking_id AND wait.state = 'offered'
WHERE wait.id = :id
""")
Wsgi = Callable[[dict[str, Any], Callable[..., Callable[[bytes], Any]]], Iterable[bytes]]


class Teller(threading.local):
    """Says how this thread's run of the job gets on. That a turn has committed is known when the
    next one begins, or the job ends.
    """

    write: Callable[[bytes], Any]
    turn: dict[str, Any] | None = None

    def begin(self) -> None:
        """The turn before has committed, and another one begins."""
        self.end()
        self.say(begun=time.monotonic())

    def end(self) -> None:
        """What was the turn before has committed."""
        if self.turn is not None:
            self.say(ended=time.monotonic(), **self.turn)
        self.turn = None

    def say(self, **said: Any) -> None:
        """One line."""
        self.write(json.dumps(said, default=str).encode() + b"\n")


teller = Teller()


def offer_place(session: Session, session_id: UUID, passed: Collection[UUID]) -> UUID | None:
    """As the product's, which runs inside, with what came of it told."""
    teller.begin()
    wait_id = waitlist.offer_place(session, session_id, passed)
    row = session.execute(WHOSE, {"id": wait_id}).one_or_none()
    teller.turn = {"turn": row._asdict() if row else None}
    return wait_id


def beside(portal: Wsgi) -> Wsgi:
    """The portal, and the job."""
    patch.object(jobs, "offer_place", offer_place).start()

    def answer(
        environ: dict[str, Any], start_response: Callable[..., Callable[[bytes], Any]]
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(OFFERS):
            return portal(environ, start_response)
        teller.write, teller.turn = start_response("200 OK", []), None
        jobs.offer_places(path.removeprefix(OFFERS))
        teller.end()
        teller.say(done=True)
        return []

    return answer


def make_app() -> Wsgi:
    """As ``wsgi`` serves it."""
    return beside(create_app())
