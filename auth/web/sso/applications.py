"""/auth/applications: which applications a person lets know who they are."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from auth.queries.sso import list_applications
from auth.schemas.sso import WithdrawConsent
from auth.services.consent import withdraw_consent
from core.database import transaction
from core.errors import Invalid
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import read_form
from core.web.languages import gettext

pages = Blueprint("applications", __name__, url_prefix="/auth/applications")


@pages.get("")
@open_to(SIGNED_IN)
def listing() -> ResponseReturnValue:
    """See them, and what each may know."""
    with transaction() as session:
        applications = list_applications(session, current_actor())
    return render_template("auth/applications.html", applications=applications)


@pages.post("/withdraw")
@open_to(SIGNED_IN)
def withdraw() -> ResponseReturnValue:
    """Take it back; the application's tokens end at once."""
    form = read_form(WithdrawConsent)
    if form.command is None:
        raise Invalid()
    with transaction() as session:
        withdraw_consent(session, current_actor(), form.command.client_id)
    flash(gettext("已取消授权。该应用下次登录时会再问您。"), "good")
    return redirect(url_for("applications.listing"), 303)
