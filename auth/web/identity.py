"""From a cookie or bearer token to the actor of a request (Flask-Login's two loaders), and the
browser's own long-lived cookie.
"""

import secrets
from dataclasses import replace
from datetime import timedelta

from flask import Flask, Request, Response, current_app, g, request
from flask import session as cookie
from flask_login import LoginManager, UserMixin, login_user

from auth.queries.actors import actor_of_session, actor_of_token
from auth.schemas import SignedIn
from auth.services.sign_in import PORTAL_SCOPE, Origin, note_use, use_is_due
from core.access import Actor
from core.crypto import token_hash
from core.database import at_once, transaction
from core.web.access import SAFE_METHODS
from core.web.security import cookie_name
from core.web.tickets import provide_holder

DEVICE = "device"
# The session's token in the browser's cookie.
KEPT_BY_FLASK_LOGIN = "_user_id"
# As long as browsers keep a cookie at most.
DEVICE_LIFETIME = timedelta(days=400)


class SignedInUser(UserMixin):  # type: ignore[misc]
    """What Flask-Login keeps for a request: the session's token and its actor."""

    def __init__(self, token: str, actor: Actor | None) -> None:
        self.id = token
        self.actor = actor


def origin(channel: str = "web") -> Origin:
    """Where this request comes from."""
    return Origin(
        request.remote_addr or "",
        g.get("request_id", ""),
        channel,
        request.headers.get("User-Agent", ""),
        _device() if channel == "web" else "",
    )


def arriving() -> Origin:
    """As ``origin``, of a browser at the door: by a cookie it is known again from now on."""
    if not _device():
        setattr(g, DEVICE, secrets.token_urlsafe(32))
    return origin()


def _device() -> str:
    return str(g.get(DEVICE) or request.cookies.get(_device_cookie(), ""))


def _device_cookie() -> str:
    return cookie_name(f"kangqiao-{DEVICE}", secure=current_app.config["SESSION_COOKIE_SECURE"])


def _keep_device(response: Response) -> Response:
    if DEVICE in g:
        response.set_cookie(
            _device_cookie(),
            g.get(DEVICE),
            max_age=DEVICE_LIFETIME,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def begin(session: SignedIn) -> None:
    """Put a new session into the browser's cookie."""
    login_user(SignedInUser(session.token, None))


def holder() -> bytes:
    """What this request proves itself with, and in which browser; nobody is looked for."""
    token = None if request.path.startswith("/api/") else cookie.get(KEPT_BY_FLASK_LOGIN)
    if token:
        return f"web {token} {_device()}".encode()
    sent = request.authorization
    bearer = sent.token if sent and sent.type == "bearer" else None
    return f"api {bearer}".encode() if bearer else b""


def install(app: Flask) -> None:
    """Register the loaders; called once by the room's register."""
    manager = LoginManager(app)
    manager.session_protection = None  # the session row in the database is the protection
    manager.user_loader(_from_cookie)
    manager.request_loader(_from_bearer)
    app.after_request(_keep_device)
    provide_holder(holder)


def _from_cookie(token: str) -> SignedInUser | None:
    if request.path.startswith("/api/"):
        return None  # the API takes bearer tokens only, so that no cookie can be abused there
    with at_once() as connection:
        actor = actor_of_session(connection, token)
    return _user(token, actor, "web")


def _from_bearer(incoming: Request) -> SignedInUser | None:
    authorization = incoming.authorization
    if authorization is None or authorization.type != "bearer" or not authorization.token:
        return None
    with at_once() as connection:
        found = actor_of_token(connection, authorization.token)
    if found is None:
        return None
    actor, scope = found
    if PORTAL_SCOPE not in scope.split():
        return None  # a token for another application's userinfo is no key to our API
    return _user(authorization.token, actor, "api")


def _user(token: str, actor: Actor | None, channel: str) -> SignedInUser | None:
    if actor is None:
        return None
    if use_is_due(actor):
        with transaction() as session:
            note_use(session, actor)
    where = origin(channel)
    return SignedInUser(
        token,
        replace(
            actor,
            channel=channel,
            address=where.address,
            request_id=where.request_id,
            device=token_hash(where.device) if where.device else b"",
            looking=request.method in SAFE_METHODS,
        ),
    )
