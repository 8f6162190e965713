"""Signing in and out, and switching between roles."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auth import ports
from auth.queries.upstream import list_doors
from auth.schemas import ConfirmCode, PasswordSignIn, RequestCode, SignedIn, SwitchRole
from auth.services import sign_in as services
from auth.web.ending import sign_out_here
from auth.web.hints import hinted_forms
from auth.web.identity import begin, origin
from core.database import transaction
from core.errors import Invalid, PortalError
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.redirects import next_path

pages = Blueprint("auth", __name__, url_prefix="/auth")


@pages.get("/sign-in")
@open_to(ANYONE)
def sign_in() -> ResponseReturnValue:
    """The front door: residents by phone, staff by name and password."""
    return _door(*hinted_forms(), 200)


@pages.post("/code")
@open_to(ANYONE)
def request_code() -> ResponseReturnValue:
    """Send a code and ask for it."""
    form = read_form(RequestCode)
    if form.command is None:
        return _door(form, blank(PasswordSignIn), 422)
    try:
        with transaction() as session:
            sent, code = services.request_code(session, form.command, origin())
        ports.send_code(form.command.phone, code, sent.challenge_id)
    except PortalError as error:
        return _door(form, blank(PasswordSignIn), form.fail(error))
    values = {"challenge_id": str(sent.challenge_id), "phone": form.command.phone}
    return _ask_code(Form(values=values), 200)


@pages.post("/code/confirm")
@open_to(ANYONE)
def confirm_code() -> ResponseReturnValue:
    """Sign in by the code."""
    form = read_form(ConfirmCode)
    if form.command is None:
        return _ask_code(form, 422)
    try:
        signed_in = confirm(form.command)
    except PortalError as error:
        return _ask_code(form, form.fail(error))
    begin(signed_in)
    return redirect(next_path())


def confirm(command: ConfirmCode, channel: str = "web") -> SignedIn:
    """Take a try, then the code; a wrong code keeps the try. Raises Invalid."""
    with transaction() as session:
        may_try = services.count_try(session, command.challenge_id)
    if not may_try:
        raise services.wrong_code()
    with transaction() as session:
        return services.confirm_code(session, command, origin(channel))


@pages.post("/password")
@open_to(ANYONE)
def password() -> ResponseReturnValue:
    """Sign in staff."""
    form = read_form(PasswordSignIn)
    shown = Form[PasswordSignIn](values={"username": form.values.get("username", "")})
    shown.errors, shown.message = form.errors, form.message
    if form.command is None:
        return _door(blank(RequestCode), shown, 422)
    try:
        with transaction() as session:
            services.count_password_try(session, form.command, origin())
        with transaction() as session:
            signed_in = services.sign_in_by_password(session, form.command, origin())
    except PortalError as error:
        return _door(blank(RequestCode), shown, shown.fail(error))
    begin(signed_in)
    return redirect(next_path())


@pages.post("/sign-out")
@open_to(SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    """End the session here; applications that signed in through it end with it."""
    return redirect(sign_out_here(current_actor()))


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
    )
    return page, status


def _ask_code(form: Form[ConfirmCode], status: int) -> ResponseReturnValue:
    try:
        UUID(form.values.get("challenge_id", ""))
    except ValueError:
        return redirect(url_for("auth.sign_in"))
    return render_template("auth/code.html", code=form, next=next_path()), status
