"""Signing in and out, and switching between roles."""

from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auth import passkeys, ports
from auth.queries.upstream import list_doors
from auth.schemas import (
    ConfirmCode,
    PasskeySignIn,
    PasswordSignIn,
    Pending,
    RequestCode,
    SignedIn,
    SwitchRole,
)
from auth.services import codes, door
from auth.services import passkeys as passkey_services
from auth.services import sign_in as services
from auth.services.sign_in import Origin
from auth.web.ending import sign_out_here
from auth.web.entering import FORM_BYTES, TRIES, WITHIN, go_on
from auth.web.hints import hinted_forms
from auth.web.identity import arriving
from core.database import transaction
from core.errors import Invalid, PortalError
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.limits import body_at_most, limited
from core.web.problems import translated
from core.web.redirects import next_path

pages = Blueprint("auth", __name__, url_prefix="/auth")


@pages.get("/sign-in")
@open_to(ANYONE)
def sign_in() -> ResponseReturnValue:
    """The front door: residents by phone, staff by name and password, anybody by passkey."""
    arriving()
    return _door(*hinted_forms(), 200)


@pages.post("/code")
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def request_code() -> ResponseReturnValue:
    """Send a code and ask for it."""
    form = read_form(RequestCode)
    if form.command is None:
        return _door(form, blank(PasswordSignIn), 422)
    try:
        with transaction() as session:
            sent, code = door.request_code(session, form.command, arriving())
        ports.send_code(form.command.phone, code, sent.challenge_id)
    except PortalError as error:
        return _door(form, blank(PasswordSignIn), form.fail(error))
    values = {"challenge_id": str(sent.challenge_id), "phone": form.command.phone}
    return _ask_code(Form(values=values), 200)


@pages.post("/code/confirm")
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def confirm_code() -> ResponseReturnValue:
    """Sign in by the code."""
    form = read_form(ConfirmCode)
    if form.command is None:
        return _ask_code(form, 422)
    try:
        outcome = confirm(form.command, arriving())
    except PortalError as error:
        return _ask_code(form, form.fail(error))
    return go_on(outcome)


def confirm(command: ConfirmCode, where: Origin) -> SignedIn | Pending:
    """Take a try, then the code; a wrong code keeps the try. Raises Invalid."""
    with transaction() as session:
        may_try = codes.count_try(session, command.challenge_id)
    if not may_try:
        raise codes.wrong_code()
    with transaction() as session:
        return door.confirm_code(session, command, where)


@pages.post("/password")
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def password() -> ResponseReturnValue:
    """Sign in staff."""
    form = read_form(PasswordSignIn)
    shown = Form[PasswordSignIn](values={"username": form.values.get("username", "")})
    shown.errors, shown.message = form.errors, form.message
    if form.command is None:
        return _door(blank(RequestCode), shown, 422)
    where = arriving()
    try:
        with transaction() as session:
            door.count_password_try(session, form.command, where)
        with transaction() as session:
            outcome = door.sign_in_by_password(session, form.command, where)
    except PortalError as error:
        return _door(blank(RequestCode), shown, shown.fail(error))
    return go_on(outcome)


@pages.post("/passkey/options")
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def passkey_options() -> ResponseReturnValue:
    """What the browser needs to offer its passkeys for us."""
    with transaction() as session:
        return jsonify(passkey_services.proof_options(session, None))


@pages.post("/passkey")
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def passkey() -> ResponseReturnValue:
    """Sign in by a passkey, which says itself whose it is."""
    form = read_form(PasskeySignIn)
    try:
        if form.command is None:
            raise Invalid()
        with transaction() as session:
            outcome = door.sign_in_by_passkey(session, form.command, arriving())
    except PortalError as error:
        flash(translated(error.message), "bad")
        return _door(blank(RequestCode), blank(PasswordSignIn), error.status)
    return go_on(outcome)


@pages.post("/sign-out")
@open_to(SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    """End the session here; applications that signed in through it end with it."""
    page = sign_out_here(current_actor())
    return redirect(next_path() if "next" in request.form else page)


@pages.post("/role")
@open_to(SIGNED_IN)
def switch_role() -> ResponseReturnValue:
    """Switch to another of one's roles and go to its home."""
    form = read_form(SwitchRole)
    if form.command is None:
        raise Invalid()
    with transaction() as session:
        services.switch_role(session, current_actor(), form.command.role)
    return redirect(url_for("portal.home"))


def _door(
    phone: Form[RequestCode], staff: Form[PasswordSignIn], status: int
) -> ResponseReturnValue:
    with transaction() as session:
        doors = list_doors(session)
    wants_staff = bool(staff.values or staff.errors) or request.args.get("who") == "staff"
    page = render_template(
        "auth/sign_in.html",
        phone=phone,
        staff=staff,
        wants_staff=wants_staff,
        doors=doors,
        next=next_path(),
        passkeys=passkeys.relying_party() is not None,
    )
    return page, status


def _ask_code(form: Form[ConfirmCode], status: int) -> ResponseReturnValue:
    try:
        UUID(form.values.get("challenge_id", ""))
    except ValueError:
        return redirect(url_for("auth.sign_in"))
    return render_template("auth/code.html", code=form, next=next_path()), status
