"""How a sign-in goes on in the browser: to the next page that it needs, or in."""

from datetime import timedelta

from flask import flash, redirect, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from auth.schemas import Pending, SignedIn, Step
from auth.services.sign_in import replace_session
from auth.web.identity import KEPT_BY_FLASK_LOGIN, begin, origin
from auth.web.leftovers import LEFTOVERS, PENDING
from core import clock
from core.database import transaction
from core.errors import SignInRequired
from core.web.access import signed_in
from core.web.problems import translated
from core.web.redirects import next_path

PAGES = {
    Step.SECOND_FACTOR: "second_factor.show",
    Step.SET_UP: "set_up.show",
    Step.NEW_PASSWORD: "set_up.new_password",
}
# When this browser was let in last.
ENTERED = "entered_at"
# What strangers send here is short.
FORM_BYTES = 32 * 1024
# By address: a whole hospital may stand behind one.
TRIES, WITHIN = 300, timedelta(minutes=15)


def go_on(outcome: SignedIn | Pending, following: str | None = None) -> ResponseReturnValue:
    """To ``following``, else where the person wanted to go; or to what their sign-in waits for."""
    target = following or next_path()
    if isinstance(outcome, Pending):
        cookie[PENDING] = outcome.token
        return redirect(url_for(PAGES[outcome.step], next=target), 303)
    enter(outcome)
    return redirect(target)


def enter(signed_in: SignedIn) -> None:
    """Put a session into the cookie, in the place of the one before: a browser has one. Nothing
    that somebody else left on their way stays.
    """
    former = cookie.get(KEPT_BY_FLASK_LOGIN)
    if former and former != signed_in.token:
        with transaction() as session:
            replace_session(session, former, signed_in.token, origin())
    for name in LEFTOVERS:
        cookie.pop(name, None)
    cookie[ENTERED] = clock.now().timestamp()
    begin(signed_in)


def start_again(error: SignInRequired) -> ResponseReturnValue:
    """Back to the door, where a sign-in took too long or is over; on, where it led in."""
    if signed_in():
        return redirect(next_path(), 303)
    flash(translated(error.message), "info")
    return redirect(url_for("auth.sign_in", next=next_path()), 303)


def pending_token() -> str:
    """The sign-in on its way in this browser; empty where there is none."""
    return str(cookie.get(PENDING, ""))
