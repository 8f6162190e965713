"""How often a route may be called, and how much sent to it. What strangers may write says both."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from zlib import crc32

from flask import Flask, Response, current_app, g, request

from core.errors import TooMany
from core.web.access import current_actor, signed_in

LIMIT = "rate_limit"
BODY = "body_limit"
F = TypeVar("F", bound=Callable[..., Any])


class By(StrEnum):
    """Whose calls are counted together."""

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
    """

    most: int
    within: timedelta
    by: By = By.ADDRESS
    failures: bool = False

    def __str__(self) -> str:
        kind = "refusals" if self.failures else "calls"
        return f"{self.most} {kind} in {self.within} by {self.by}"


class Counter(Protocol):
    """Counts for all processes together; a room above keeps the numbers."""

    def count(self, kind: str, whose: str, limit: Limit) -> bool:
        """Count a call; whether it is within the limit."""

    def left(self, kind: str, whose: str, limit: Limit) -> bool:
        """Whether another call would be within the limit."""


_counter: Counter | None = None


def provide_counter(counter: Counter) -> None:
    """Register where calls are counted."""
    global _counter
    _counter = counter


def limited(
    most: int, within: timedelta, by: By = By.ADDRESS, *, failures: bool = False
) -> Callable[[F], F]:
    """Declare how often this view may be called. Put it above ``open_to``."""
    return _marking(LIMIT, Limit(most, within, by, failures))


def body_at_most(size: int) -> Callable[[F], F]:
    """Declare how many bytes may be sent to this view."""
    return _marking(BODY, size)


def limit_of(app: Flask, endpoint: str) -> Limit | None:
    """What a view declared, through any wrappers."""
    return _declared(app, endpoint, LIMIT)  # type: ignore[return-value]


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
    limit = limit_of(current_app, request.endpoint) if request.endpoint else None
    if limit is None or _counter is None:
        return
    whose = _whose(limit)
    g.rate_limit, g.rate_whose = limit, whose
    count = _counter.left if limit.failures else _counter.count
    if not count(str(request.endpoint), whose, limit):
        raise TooMany()


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
    if limit.by is By.ACCOUNT and signed_in():
        return str(current_actor().account_id)
    address = request.remote_addr or ""
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
