"""Signing out for applications: /oauth/end-session where they send people, and the page that shows
which of them know.
"""

from uuid import UUID

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from auth.oidc.end_session import SignOutWish, read_wish
from auth.queries.sso import list_told
from auth.schemas.sso import ToldApplication
from auth.web.ending import sign_out_here
from auth.web.entering import FORM_BYTES, TRIES, WITHIN
from auth.web.leftovers import ENDED
from auth.web.sso.authorize import visitor
from auth.web.sso.form_targets import lead_to
from core.database import reading, transaction
from core.web.access import ANYONE, open_to
from core.web.limits import body_at_most, limited
from core.web.posted import own_form_has

pages = Blueprint("sign_out", __name__)


@pages.get("/oauth/end-session")
@open_to(ANYONE)
def end() -> ResponseReturnValue:
    """Sign out as an application wishes; the person is asked unless it shows their ID token."""
    with transaction() as session:
        wish = read_wish(session, request.args)
    actor = visitor()
    if actor is None or wish.is_of(actor):
        return _sign_out(wish)
    page = make_response(render_template("auth/end_session.html", client=wish.client))
    return lead_to(page, wish.target) if wish.target else page


@pages.post("/oauth/end-session")
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@own_form_has("decision")
@open_to(ANYONE)
def confirm() -> ResponseReturnValue:
    """The person wants to sign out; the wish is in the address, as it came."""
    with transaction() as session:
        wish = read_wish(session, request.args)
    return _sign_out(wish)


@pages.get("/auth/signed-out")
@open_to(ANYONE)
def signed_out() -> ResponseReturnValue:
    """Which applications know that this browser's last session has ended."""
    told = _told()
    if not told:
        return redirect(url_for("auth.sign_in"))
    return render_template("auth/signed_out.html", told=told)


@pages.get("/auth/signed-out/applications")
@open_to(ANYONE)
def applications() -> ResponseReturnValue:
    """The list alone; the page asks for it until nothing moves any more."""
    return render_template("auth/signed_out_list.html", told=_told())


def _told() -> list[ToldApplication]:
    ended = cookie.get(ENDED)
    if ended is None:
        return []
    with reading() as session:
        return list_told(session, UUID(ended))


def _sign_out(wish: SignOutWish) -> ResponseReturnValue:
    actor = visitor()
    page = sign_out_here(actor) if actor else url_for("auth.sign_in")
    return redirect(wish.target or page, 303)
