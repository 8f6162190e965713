"""The shell's own pages: home, preferences, health checks."""

from datetime import timedelta

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from core.access import Role
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to, signed_in
from core.web.limits import body_at_most, limited
from core.web.redirects import next_path
from portal import home as home_page
from portal.readiness import readiness
from portal.web.shell import LARGE_TEXT, shown_role

pages = Blueprint("portal", __name__)


# Where each role begins; residents begin at the page composed here.
HOMES = {
    Role.LEADER: "family_doctor.today",
    Role.MEMBER: "family_doctor.today",
    Role.REGISTRAR: "appointments.day_list",
    Role.ADMINISTRATOR: "directory.admin",
    Role.ANALYST: "gov_stats.overview",
    Role.SECURITY: "auth_security.home",
    Role.AUDITOR: "audit.search",
}


@pages.get("/")
@open_to(ANYONE)
def home() -> ResponseReturnValue:
    """The front door: sign-in for strangers, then the home of the role."""
    if not signed_in():
        return redirect(url_for("auth.sign_in"))
    role = shown_role()
    if role in HOMES:
        return redirect(url_for(HOMES[role]))
    return render_template("portal/home.html", home=home_page.resident_home(current_actor()))


@pages.get("/applications")
@open_to(SIGNED_IN)
def applications() -> ResponseReturnValue:
    """The applications of other vendors that are open to the person's role, where they hold it."""
    tiles = home_page.applications(current_actor(), shown_role())
    return render_template("portal/applications.html", tiles=tiles)


@pages.get("/healthz")
@open_to(ANYONE)
def healthz() -> ResponseReturnValue:
    """The process is up."""
    return {"status": "ok"}


@pages.get("/readyz")
@open_to(ANYONE)
def readyz() -> ResponseReturnValue:
    """Whether requests can be served: database, migrations at the head, a worker alive."""
    checks = readiness()
    return {"checks": checks}, 200 if all(checks.values()) else 503


@pages.post("/preferences/large-text")
@limited(300, timedelta(minutes=5))
@body_at_most(4 * 1024)
@open_to(ANYONE)
def large_text() -> ResponseReturnValue:
    """Switch the large text on or off and go back to the page it was asked on."""
    session[LARGE_TEXT] = not session.get(LARGE_TEXT)
    return redirect(next_path())
