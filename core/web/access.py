"""Who may call a route. Each route declares it; one that does not is refused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar, cast

from flask import Flask, current_app, g, request
from flask_login import current_user

from core.access import Actor, Role, admit
from core.errors import Denied, SignInRequired
from core.permissions import role_required
from core.web import tickets

RULE = "access_rule"
# By these a browser or a program only asks to be shown something (RFC 9110).
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
ACTOR = "actor"
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Anyone:
    """Nobody needs to be signed in; at a ``machine``'s endpoint nobody is looked for either."""

    machine: bool = False

    def __str__(self) -> str:
        return "anyone"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Any signed-in account; the service decides about the thing itself."""

    def __str__(self) -> str:
        return "signed in"


@dataclass(frozen=True, slots=True)
class Holding:
    """Accounts that hold one of these roles; the service decides about the thing itself."""

    roles: tuple[Role, ...]

    def __str__(self) -> str:
        return ", ".join(self.roles)


@dataclass(frozen=True, slots=True)
class Ticketed:
    """Who sends a ticket of this purpose beside their own session or token; nothing is asked of the
    database (``core.web.tickets``).
    """

    purpose: str

    def __str__(self) -> str:
        return f"ticket for {self.purpose}"


Rule: TypeAlias = Anyone | SignedIn | Holding | Ticketed
ANYONE = Anyone()
MACHINES = Anyone(machine=True)
SIGNED_IN = SignedIn()


def open_to(*audience: Anyone | SignedIn | Ticketed | Role) -> Callable[[F], F]:
    """Declare who may call this view: ANYONE, MACHINES, SIGNED_IN, who has a ticket, or one or more
    roles.

    Put it nearest to the function, under the route and the API decorators.
    """
    first = audience[0]
    rule: Rule = (
        first
        if isinstance(first, Anyone | SignedIn | Ticketed)
        else Holding(tuple(role for role in audience if isinstance(role, Role)))
    )

    def mark(view: F) -> F:
        setattr(view, RULE, rule)
        return view

    return mark


def rule_of(app: Flask, endpoint: str) -> Rule | None:
    """The rule that a view declared, through any wrappers; None where it declared none."""
    view: object = app.view_functions[endpoint]
    while view is not None:
        rule = getattr(view, RULE, None)
        if rule is not None:
            return rule  # type: ignore[no-any-return]
        view = getattr(view, "__wrapped__", None)
    return None


def signed_in() -> bool:
    """Whether this request comes from a known account."""
    return _find_actor() is not None


def current_actor() -> Actor:
    """Who makes this request. Raises SignInRequired."""
    actor = _find_actor()
    if actor is None:
        raise SignInRequired()
    return actor


def acting() -> Actor:
    """As ``current_actor``, where a GET asks for what is done all the same: a file is handed out,
    somebody is let in elsewhere.
    """
    return replace(current_actor(), looking=False)


def _find_actor() -> Actor | None:
    """The actor that Flask-Login found, kept for the rest of the request."""
    if ACTOR not in g:
        setattr(g, ACTOR, getattr(current_user, "actor", None))
    return cast(Actor | None, g.get(ACTOR))


def enforce() -> None:
    """Before each request: refuse by the view's rule, and whatever has none."""
    if request.endpoint is None:
        return
    rule = rule_of(current_app, request.endpoint)
    g.access_rule = rule
    if isinstance(rule, Anyone):
        if request.endpoint != "static" and not rule.machine:
            # Found now: inside a view's transaction it would take a second connection.
            _find_actor()
        return
    if rule is None:
        raise Denied()
    if isinstance(rule, Ticketed):
        setattr(g, tickets.TICKET, tickets.read(rule.purpose))
        return
    actor = current_actor()
    if isinstance(rule, Holding):
        if not set(rule.roles) & set(actor.roles):
            raise role_required(rule.roles)
        admit(actor)
