"""The shell's own pages: home, preferences, health checks."""

from flask import Blueprint, redirect, session
from flask.typing import ResponseReturnValue

from core.web.access import ANYONE, open_to
from core.web.redirects import next_path
from portal.web.shell import LARGE_TEXT

pages = Blueprint("portal", __name__)


@pages.get("/healthz")
@open_to(ANYONE)
def healthz() -> ResponseReturnValue:
    """The process is up."""
    return {"status": "ok"}


@pages.post("/preferences/large-text")
@open_to(ANYONE)
def large_text() -> ResponseReturnValue:
    """Switch the large text on or off and go back to the page it was asked on."""
    session[LARGE_TEXT] = not session.get(LARGE_TEXT)
    return redirect(next_path())
