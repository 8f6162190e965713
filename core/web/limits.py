"""How often a route may be called, and how much sent to it. What strangers may write says both;
any other view that writes holds to ``WRITES`` where it says nothing of its own, and what is dear to
answer to ``COSTLY``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Any, NamedTuple, Protocol, TypeVar
from zlib import crc32

from flask import Flask, Response, current_app, g, request

from core import clock
from core.errors import TooMany
from core.networks import network_of
from core.web.access import SAFE_METHODS, current_actor, signed_in
from core.web.tickets import TICKET

LIMIT = "rate_limit"
BODY = "body_limit"
F = TypeVar("F", bound=Callable[..., Any])


class By(StrEnum):
    """Whose calls are counted together."""

    # Of IPv6 the network (``core.networks``).
    ADDRESS = "address"
    ACCOUNT = "account"
    # The application that the call names, at its address: a hospital's kiosks and the vendor's
    # server beside them do not use up each other's calls. Names are made up at no cost, so they
    # share a few counts.
    APPLICATION = "application"


# So many counts an address has at most, whatever applications are named there.
COUNTS_PER_ADDRESS = 16


@dataclass(frozen=True, slots=True)
class Limit:
    """``most`` calls within ``within``; ``failures`` counts refused ones only, for routes that
    other machines call all day.

    A process tells the others of so many calls at once as ``share`` says, and counts those in
    between by itself: who calls seldom costs no statement. Where it is more than one, each process
    may let pass up to ``share - 1`` more than ``most``.
    """

    most: int
    within: timedelta
    by: By = By.ADDRESS
    failures: bool = False
    share: int = 1

    def __str__(self) -> str:
        kind = "refusals" if self.failures else "calls"
        return f"{self.most} {kind} in {self.within} by {self.by}"


# Of each view that writes: more than anybody does by hand, and than a desk with a scanner does.
WRITES = Limit(120, timedelta(minutes=1), By.ACCOUNT, share=30)
# Of each view that searches among people, draws up a file or reckons over a whole unit.
COSTLY = Limit(60, timedelta(minutes=1), By.ACCOUNT, share=15)


class Counter(Protocol):
    """Counts for all processes together; a room above keeps the numbers."""

    def count(self, kind: str, whose: str, limit: Limit) -> int:
        """Count ``limit.share`` calls. After how many seconds calls are within the limit again; 0
        where these are.
        """

    def left(self, kind: str, whose: str, limit: Limit) -> int:
        """As ``count``, of a call that is not counted."""


class _Calls(NamedTuple):
    """What this process counted of one caller: since when, how many, and until when none passes."""

    since: datetime
    made: int
    shut_until: datetime | None = None


class Shares:
    """Counts of this process, of which the one counter hears a share at a time. It holds who called
    within the last two windows, nobody else.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[timedelta, tuple[datetime, dict[str, _Calls], dict[str, _Calls]]] = {}

    def count(self, kind: str, whose: str, limit: Limit, counter: Counter) -> int:
        """Count a call; after how many seconds another passes, 0 where this one does."""
        now, key = clock.now(), f"{kind} {whose}"
        with self._lock:
            young, old = self._generations(limit.within, now)
            calls = young.get(key) or old.get(key)
            if calls is None or not calls.since <= now < calls.since + limit.within:
                calls = _Calls(now, 0)
            if calls.shut_until is None:
                made = calls.made + 1
                end = calls.since + limit.within if made > limit.most else None
                calls = _Calls(calls.since, made, end)
            young[key] = calls
        if calls.shut_until is not None:
            return _seconds(calls.shut_until - now)
        wait = counter.count(kind, whose, limit) if calls.made % limit.share == 0 else 0
        if wait:
            with self._lock:
                young[key] = calls._replace(shut_until=now + timedelta(seconds=wait))
        return wait

    def _generations(
        self, within: timedelta, now: datetime
    ) -> tuple[dict[str, _Calls], dict[str, _Calls]]:
        turned, young, old = self._kept.get(within, (now, {}, {}))
        if not turned <= now < turned + within:
            turned, young, old = now, {}, young
        self._kept[within] = turned, young, old
        return young, old


def _seconds(time: timedelta) -> int:
    """Whole seconds, rounded up: after them it is over."""
    return -int(-time.total_seconds() // 1)


_counter: Counter | None = None
_shares = Shares()


def provide_counter(counter: Counter) -> None:
    """Register where calls are counted."""
    global _counter
    _counter = counter


def limited(
    most: int, within: timedelta, by: By = By.ADDRESS, *, failures: bool = False
) -> Callable[[F], F]:
    """Declare how often this view may be called. Put it above ``open_to``."""
    return _marking(LIMIT, Limit(most, within, by, failures))


def costly(view: F) -> F:
    """Declare that this view is dear to answer. Put it above ``open_to``."""
    return _marking(LIMIT, COSTLY)(view)


def body_at_most(size: int) -> Callable[[F], F]:
    """Declare how many bytes may be sent to this view."""
    return _marking(BODY, size)


def limit_of(app: Flask, endpoint: str) -> Limit | None:
    """What a view declared, through any wrappers."""
    return _declared(app, endpoint, LIMIT)  # type: ignore[return-value]


def limit_on(app: Flask, endpoint: str, method: str) -> Limit | None:
    """What a call is held to: what its view declared, else ``WRITES`` where it may write."""
    declared = limit_of(app, endpoint)
    return WRITES if declared is None and method not in SAFE_METHODS else declared


def body_of(app: Flask, endpoint: str) -> int | None:
    """How many bytes a view declared to take, through any wrappers."""
    return _declared(app, endpoint, BODY)  # type: ignore[return-value]


def no_refusal() -> None:
    """What this request is answered looks like a refusal and is none: it does not count."""
    g.pop("rate_limit", None)


def restrict_body() -> None:
    """Before anything of the body is read."""
    size = body_of(current_app, request.endpoint) if request.endpoint else None
    if size is not None:
        request.max_content_length = size


def enforce() -> None:
    """Before a view runs. Raises TooMany."""
    endpoint = request.endpoint
    limit = limit_on(current_app, endpoint, request.method) if endpoint else None
    if limit is None or endpoint is None or _counter is None:
        return
    whose = _whose(limit)
    g.rate_limit, g.rate_whose = limit, whose
    if limit.failures:
        wait = _counter.left(endpoint, whose, limit)
    elif limit.share > 1:
        wait = _shares.count(endpoint, whose, limit, _counter)
    else:
        wait = _counter.count(endpoint, whose, limit)
    if wait:
        raise TooMany(retry_after=wait)


def count_failure(response: Response) -> Response:
    """After a view refused, where its limit counts refusals."""
    limit: Limit | None = g.get("rate_limit")
    if limit and limit.failures and _counter and 400 <= response.status_code < 500:
        _counter.count(str(request.endpoint), g.rate_whose, limit)
    return response


def install(app: Flask) -> None:
    """Hold the limits; called once by the factory, after who may call is known."""
    app.before_request(enforce)
    app.after_request(count_failure)


def _whose(limit: Limit) -> str:
    if limit.by is By.ACCOUNT:
        if ticket := g.get(TICKET):  # by which nobody is looked for
            return str(ticket.account_id)
        if signed_in():
            return str(current_actor().account_id)
    address = network_of(request.remote_addr or "")
    if limit.by is By.APPLICATION:
        given = request.authorization
        basic = given.username if given and given.type == "basic" else None
        named = basic or request.form.get("client_id", "")
        return f"{address} {crc32(named.encode()) % COUNTS_PER_ADDRESS}"
    return address


def _marking(name: str, value: object) -> Callable[[F], F]:
    def mark(view: F) -> F:
        setattr(view, name, value)
        return view

    return mark


def _declared(app: Flask, endpoint: str, name: str) -> object:
    view: object = app.view_functions[endpoint]
    while view is not None:
        value = getattr(view, name, None)
        if value is not None:
            return value
        view = getattr(view, "__wrapped__", None)
    return None
