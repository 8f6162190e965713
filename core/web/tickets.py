"""Short-lived signed tickets: what a full request found out of who asks, for one thing.

Where thousands press one button within seconds, who they are was asked when their page was drawn:
session, rights and real name. The page carries a ticket for the button, which is checked without
the database. It is good for one ``purpose`` and one thing, for minutes, and only beside what its
owner proved themselves with (the same session or bearer token, the same browser), so that neither
who reads a page over a shoulder nor another signed-in person can use it. A view that is opened by
tickets does no more than what its docstring says; what must not be late (an account closed, a
patient suspended) is asked again by what follows.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from struct import Struct
from typing import NamedTuple
from uuid import UUID

from flask import current_app, g, request
from itsdangerous import BadSignature, Signer

from core import clock
from core.errors import Denied
from core.messages import N_

HEADER = "Ticket"
LASTS = timedelta(minutes=20)
# Ours have 158 characters; whatever is much longer is not even looked at.
LONGEST = 256
# Thing, account, person, end in seconds since the epoch, whose browser and session.
BODY = Struct(">16s16s16sQ32s")
TICKET = "ticket"


class Ticket(NamedTuple):
    """What a checked ticket says; ``thing`` is what it is for."""

    thing: UUID
    account_id: UUID
    person_id: UUID


class TicketRefused(Denied):
    """Forged, expired, of another session or for another thing: it does not say which."""

    default_code = "ticket"
    default_sentence = N_("页面开得太久，或换了登录。请重新打开页面，位置不会丢。")


def _nothing() -> bytes:
    """Until a room above says what a request proves itself with."""
    return b""


_holder: Callable[[], bytes] = _nothing


def provide_holder(holder: Callable[[], bytes]) -> None:
    """Register what tells what a request proves itself with, empty where nothing; it must not ask
    the database.
    """
    global _holder
    _holder = holder


def issue(purpose: str, ticket: Ticket) -> str:
    """A ticket for whoever makes this request; the caller has asked whether they may."""
    ends = int((clock.now() + LASTS).timestamp())
    body = BODY.pack(*(each.bytes for each in ticket), ends, _held_by())
    return _signer(purpose).sign(urlsafe_b64encode(body)).decode()


def read(purpose: str) -> Ticket:
    """The ticket of this request. Raises TicketRefused."""
    sent = request.headers.get(HEADER, "")
    if not sent or len(sent) > LONGEST:
        raise TicketRefused()
    try:
        body = urlsafe_b64decode(_signer(purpose).unsign(sent))
    except (BadSignature, UnicodeError):
        raise TicketRefused() from None
    thing, account, person, ends, held_by = BODY.unpack(body)
    holder = _held_by()
    if not compare_digest(held_by, holder) or clock.now() >= datetime.fromtimestamp(ends, UTC):
        raise TicketRefused()
    return Ticket(UUID(bytes=thing), UUID(bytes=account), UUID(bytes=person))


def current_ticket(thing: UUID) -> Ticket:
    """The ticket that opened this view, which must be for this thing. Raises TicketRefused."""
    ticket: Ticket = getattr(g, TICKET)
    if ticket.thing != thing:
        raise TicketRefused()
    return ticket


def _held_by() -> bytes:
    """Raises TicketRefused where the request proves itself with nothing."""
    holder = _holder()
    if not holder:
        raise TicketRefused()
    return hashlib.sha256(holder).digest()


def _signer(purpose: str) -> Signer:
    key: str = current_app.config["SECRET_KEY"]
    return Signer(key, f"ticket {purpose}", key_derivation="hmac", digest_method=hashlib.sha256)
