"""Signing out in this browser, and where to go then."""

from flask import flash, url_for
from flask import session as cookie
from flask_login import logout_user

from auth.queries.sso import list_told
from auth.services.sign_in import end_session
from auth.web.leftovers import ENDED
from core.access import Actor
from core.database import transaction
from core.web.languages import gettext


def sign_out_here(actor: Actor) -> str:
    """End the actor's session; gives the page that tells of it."""
    with transaction() as session:
        end_session(session, actor)
        told = actor.session_id is not None and bool(list_told(session, actor.session_id))
    logout_user()
    if told:
        cookie[ENDED] = str(actor.session_id)
        return url_for("sign_out.signed_out")
    flash(gettext("您已退出登录。"), "good")
    return url_for("auth.sign_in")
