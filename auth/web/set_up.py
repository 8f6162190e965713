"""/auth/set-up: what a sign-in needs before it gets in: a second factor, a password of one's own.

Nobody is signed in yet; the sign-in on its way says who may do it, and only what it waits for.
"""

from flask import Blueprint, Response, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from auth import passkeys, totp
from auth.claims import Method
from auth.queries.factors import Candidate, standing_of
from auth.schemas import (
    AddPasskey,
    ConfirmTotp,
    NewPassword,
    Pending,
    SignedIn,
    Step,
    TotpSecret,
)
from auth.services import factors, own_account
from auth.services import passkeys as passkey_services
from auth.services import second_factor as services
from auth.web.entering import (
    FORM_BYTES,
    PAGES,
    TRIES,
    WITHIN,
    enter,
    go_on,
    pending_token,
    start_again,
)
from auth.web.identity import arriving, origin
from auth.web.pictures import issuer, picture
from core.database import transaction
from core.errors import PortalError, SignInRequired
from core.web.access import ANYONE, open_to
from core.web.forms import Form, blank, read_form
from core.web.limits import body_at_most, limited
from core.web.redirects import next_path

pages = Blueprint("set_up", __name__, url_prefix="/auth/set-up")
pages.register_error_handler(SignInRequired, start_again)


@pages.get("")
@open_to(ANYONE)
def show() -> ResponseReturnValue:
    """Set up a second factor: an authenticator application, or a passkey."""
    candidate, step = _candidate()
    if step is not Step.SET_UP:
        return redirect(url_for(PAGES[step], next=next_path()))
    with transaction() as session:
        secret = factors.begin_totp(session, candidate.account_id, issuer())
    return _page(blank(ConfirmTotp), secret, 200)


@pages.get("/totp.svg")
@open_to(ANYONE)
def totp_picture() -> Response:
    """The secret as a picture to be read by the application."""
    return picture(_shown_secret(_waiting_for(Step.SET_UP)))


@pages.post("/totp")
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def confirm_totp() -> ResponseReturnValue:
    """Take the application, as it shows the right code."""
    candidate = _waiting_for(Step.SET_UP)
    form = read_form(ConfirmTotp)
    command = form.command
    if command is None:
        return _page(form, _shown_secret(candidate), 422)
    try:
        with transaction() as session:
            factors.confirm_totp(session, candidate.account_id, command.code, origin())
            outcome, codes = _proved(session, candidate, Method.ONE_TIME_CODE)
    except SignInRequired:
        raise
    except PortalError as error:
        return _page(form, _shown_secret(candidate), form.fail(error))
    return _with_codes(outcome, codes)


@pages.post("/passkey/options")
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def passkey_options() -> ResponseReturnValue:
    """What the browser needs to make a passkey."""
    candidate = _waiting_for(Step.SET_UP)
    with transaction() as session:
        return jsonify(passkey_services.registration_options(session, candidate.account_id))


@pages.post("/passkey")
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def add_passkey() -> ResponseReturnValue:
    """Take the passkey."""
    candidate = _waiting_for(Step.SET_UP)
    form = read_form(AddPasskey)
    command = form.command
    if command is None:
        return _page(blank(ConfirmTotp), _shown_secret(candidate), 422, form)
    try:
        with transaction() as session:
            passkey_services.register(session, candidate.account_id, command, origin())
            outcome, codes = _proved(session, candidate, Method.PASSKEY)
    except SignInRequired:
        raise
    except PortalError as error:
        status = form.fail(error)
        return _page(blank(ConfirmTotp), _shown_secret(candidate), status, form)
    return _with_codes(outcome, codes)


@pages.get("/password")
@open_to(ANYONE)
def new_password() -> ResponseReturnValue:
    """Ask for a password in the place of the initial one."""
    _waiting_for(Step.NEW_PASSWORD)
    return _password_page(blank(NewPassword), 200)


@pages.post("/password")
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def choose_password() -> ResponseReturnValue:
    """Take it, and in."""
    candidate = _waiting_for(Step.NEW_PASSWORD)
    form = read_form(NewPassword)
    if form.command is None:
        return _password_page(form, 422)
    where = arriving()
    try:
        with transaction() as session:
            own_account.choose_first_password(session, candidate, form.command, where)
            signed_in = services.finish(session, candidate, where)
    except SignInRequired:
        raise
    except PortalError as error:
        return _password_page(form, form.fail(error))
    return go_on(signed_in)


def _candidate() -> tuple[Candidate, Step]:
    with transaction() as session:
        candidate = services.get_candidate(session, pending_token())
        step = standing_of(session, candidate.account_id).step(candidate.methods)
    if step is None:
        raise SignInRequired()
    return candidate, step


def _waiting_for(step: Step) -> Candidate:
    """The sign-in on its way, if it waits for this. Raises SignInRequired."""
    candidate, waits_for = _candidate()
    if waits_for is not step:
        raise SignInRequired()
    return candidate


def _shown_secret(candidate: Candidate) -> TotpSecret:
    with transaction() as session:
        return factors.totp_on_its_way(session, candidate.account_id, issuer())


def _proved(
    session: Session, candidate: Candidate, method: Method
) -> tuple[SignedIn | Pending, list[str]]:
    """A new factor is a proof too: the sign-in goes on, with recovery codes."""
    codes = own_account.first_recovery_codes(session, candidate.account_id)
    outcome = services.advance(session, candidate, pending_token(), method, arriving())
    return outcome, codes


def _with_codes(outcome: SignedIn | Pending, codes: list[str]) -> ResponseReturnValue:
    """Show the recovery codes once; what comes next is a link there."""
    if isinstance(outcome, Pending):
        onwards = url_for(PAGES[outcome.step], next=next_path())
    else:
        enter(outcome)
        onwards = next_path()
    return render_template("auth/recovery_codes.html", codes=codes, onwards=onwards)


def _page(
    form: Form[ConfirmTotp],
    secret: TotpSecret,
    status: int,
    passkey: Form[AddPasskey] | None = None,
) -> ResponseReturnValue:
    page = render_template(
        "auth/set_up.html",
        totp=form,
        secret=secret,
        spelled=totp.spelled(secret.secret),
        passkey=passkey or blank(AddPasskey),
        passkeys=passkeys.relying_party() is not None,
        next=next_path(),
    )
    return page, status


def _password_page(form: Form[NewPassword], status: int) -> ResponseReturnValue:
    return render_template("auth/new_password.html", form=form, next=next_path()), status
