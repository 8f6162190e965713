"""/device: somebody lets a kiosk or a wall screen sign in by the code that it shows (RFC 8628)."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auth.claims import claims
from auth.queries.sso import claims_holder
from auth.schemas.sso import EnterDeviceCode
from auth.services.consent import give_consent
from auth.services.device import get_waiting_device, let_device_in, turn_device_away
from auth.services.limits import count_try, forgive_last
from auth.web.identity import origin
from core.database import transaction
from core.errors import PortalError
from core.web.access import SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext

# Guessing one of the codes that wait: 34 bits against so many tries.
TRIES_PER_ACCOUNT, TRIES_PER_ADDRESS = 10, 60
TRIES_WITHIN = timedelta(minutes=15)
ACCOUNT, ADDRESS = "device", "device from"
AGREED = "agree"

pages = Blueprint("device", __name__, url_prefix="/device")


@pages.get("")
@open_to(SIGNED_IN)
def enter() -> ResponseReturnValue:
    """Ask for the code; a link or QR code of the device may bring it along."""
    return _enter(blank(EnterDeviceCode, user_code=request.args.get("user_code", "")[:40]), 200)


@pages.post("")
@open_to(SIGNED_IN)
def review() -> ResponseReturnValue:
    """Show which device it is and what it gets."""
    form = read_form(EnterDeviceCode)
    if form.command is None:
        return _enter(form, 422)
    user_code = form.command.user_code
    try:
        _count_try()
        with transaction() as session:
            actor = current_actor()
            device, client = get_waiting_device(session, user_code)
            about = claims_holder(session, actor.account_id)
    except PortalError as error:
        return _enter(form, form.fail(error))
    scopes = device.scope.split()
    return render_template(
        "auth/device_consent.html",
        client=client,
        user_code=user_code,
        scopes=scopes,
        shared=claims(about, client.sector, scopes),
        agreed=AGREED,
    )


@pages.post("/decision")
@open_to(SIGNED_IN)
def decide() -> ResponseReturnValue:
    """The device may sign in, or not."""
    form = read_form(EnterDeviceCode)
    if form.command is None:
        return _enter(form, 422)
    agreed = request.form.get("decision") == AGREED
    try:
        _count_try()
        with transaction() as session:
            # The code is one that waits: neither this nor the look before was a guess.
            for _ in range(2):
                forgive_last(session, ACCOUNT, str(current_actor().account_id))
                forgive_last(session, ADDRESS, origin().network)
            if agreed:
                device, client = get_waiting_device(session, form.command.user_code)
                give_consent(session, current_actor(), client.client_id, device.scope.split())
                let_device_in(session, current_actor(), form.command.user_code)
            else:
                turn_device_away(session, form.command.user_code)
    except PortalError as error:
        return _enter(form, form.fail(error))
    done = (
        gettext("设备已登录，可以看设备屏幕了。") if agreed else gettext("已拒绝，设备没有登录。")
    )
    flash(done, "good")
    return redirect(url_for("device.enter"), 303)


def _count_try() -> None:
    """In a transaction of its own. Raises TooMany."""
    with transaction() as session:
        account = str(current_actor().account_id)
        count_try(session, ACCOUNT, account, TRIES_PER_ACCOUNT, TRIES_WITHIN)
        count_try(session, ADDRESS, origin().network, TRIES_PER_ADDRESS, TRIES_WITHIN)


def _enter(form: Form[EnterDeviceCode], status: int) -> ResponseReturnValue:
    return render_template("auth/device.html", form=form), status
