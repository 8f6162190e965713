"""/auth/second-factor and /auth/step-up: one more proof, on the way in or in a session."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auth import passkeys, ports
from auth.claims import Method
from auth.queries.factors import Candidate, candidate_of, masked_phone_of, standing_of
from auth.queries.upstream import list_own_doors
from auth.schemas import ChallengeSent, Pending, Proof, SignedIn, Step
from auth.services import passkeys as passkey_services
from auth.services import second_factor as services
from auth.services.sign_in import Origin
from auth.web.entering import (
    FORM_BYTES,
    PAGES,
    TRIES,
    WITHIN,
    go_on,
    pending_token,
    start_again,
)
from auth.web.identity import arriving
from core.database import transaction
from core.errors import PortalError, SignInRequired
from core.masking import masked_phone
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.limits import By, body_at_most, limited
from core.web.redirects import next_path

pages = Blueprint("second_factor", __name__, url_prefix="/auth/second-factor")
step_up = Blueprint("step_up", __name__, url_prefix="/auth/step-up")
pages.register_error_handler(SignInRequired, start_again)


@pages.get("")
@open_to(ANYONE)
def show() -> ResponseReturnValue:
    """Ask for the second factor of the sign-in on its way."""
    with transaction() as session:
        candidate = services.get_candidate(session, pending_token())
        step = standing_of(session, candidate.account_id).step(candidate.methods)
    if step is not None and step is not Step.SECOND_FACTOR:
        return redirect(url_for(PAGES[step], next=next_path()))
    return _ask(candidate, blank(Proof), 200)


@pages.post("/code")
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def send_code() -> ResponseReturnValue:
    """Send a code to the phone of the account that is signing in."""
    return _send(_signing_in())


@pages.post("/options")
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def options() -> ResponseReturnValue:
    """What the browser needs to use one of the account's passkeys."""
    return _options(_signing_in())


@pages.post("")
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def confirm() -> ResponseReturnValue:
    """Take the proof; it opens the session or leads to the next step."""
    return _take(_signing_in())


@step_up.get("", endpoint="show")
@open_to(SIGNED_IN)
def show_again() -> ResponseReturnValue:
    """Ask again who it is, in an open session."""
    return _ask(_signed_in(), blank(Proof), 200)


@step_up.get("/done")
@open_to(SIGNED_IN)
def done() -> ResponseReturnValue:
    """It was proved in a window of its own: back to the other."""
    return render_template("auth/step_up_done.html")


@step_up.post("/code", endpoint="send_code")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def send_code_again() -> ResponseReturnValue:
    """Send a code to one's own phone."""
    return _send(_signed_in())


@step_up.post("/options", endpoint="options")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def options_again() -> ResponseReturnValue:
    """What the browser needs to use one of one's passkeys."""
    return _options(_signed_in())


@step_up.post("", endpoint="confirm")
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def confirm_again() -> ResponseReturnValue:
    """Take the proof; the session goes on under a new token."""
    return _take(_signed_in())


def take(candidate: Candidate, token: str, proof: Proof, where: Origin) -> SignedIn | Pending:
    """Count the try, then check the proof; a wrong one keeps the try. Raises Invalid, TooMany."""
    with transaction() as session:
        services.count_proof(session, candidate, proof, where)
    with transaction() as session:
        method = services.prove(session, candidate, proof, where)
        return services.advance(session, candidate, token, method, where)


def send(candidate: Candidate, where: Origin) -> tuple[ChallengeSent, str]:
    """Send a code to the candidate's phone: the challenge, and the phone masked."""
    with transaction() as session:
        sent, phone, code = services.send_code(session, candidate, where)
    ports.send_code(phone, code, sent.challenge_id)
    return sent, masked_phone(phone)


def _signing_in() -> Candidate:
    with transaction() as session:
        return services.get_candidate(session, pending_token())


def _signed_in() -> Candidate:
    with transaction() as session:
        return candidate_of(session, current_actor())


def _send(candidate: Candidate) -> ResponseReturnValue:
    try:
        sent, phone = send(candidate, arriving())
    except PortalError as error:
        form = blank(Proof)
        return _ask(candidate, form, form.fail(error), Method.SMS)
    values = {"challenge_id": str(sent.challenge_id), "phone": phone}
    return _ask(candidate, Form(values=values), 200, Method.SMS)


def _options(candidate: Candidate) -> ResponseReturnValue:
    with transaction() as session:
        return jsonify(passkey_services.proof_options(session, candidate.account_id))


def _take(candidate: Candidate) -> ResponseReturnValue:
    form = read_form(Proof)
    if form.command is None:
        return _ask(candidate, form, 422)
    try:
        outcome = take(candidate, pending_token(), form.command, arriving())
    except SignInRequired:
        raise
    except PortalError as error:
        return _ask(candidate, form, form.fail(error), Method(form.command.method))
    if candidate.session_id is not None:
        flash(gettext("已确认是您本人。"), "good")
    return go_on(outcome)


def _ask(
    candidate: Candidate, form: Form[Proof], status: int, method: Method | None = None
) -> ResponseReturnValue:
    usable = [m for m in candidate.offers if m is not Method.PASSKEY or passkeys.relying_party()]
    wanted = method or request.values.get("method")
    chosen = next((m for m in usable if m == wanted), usable[0] if usable else None)
    with transaction() as session:
        phone = masked_phone_of(session, candidate.account_id)
        own = candidate.session_id is not None
        doors = list_own_doors(session, candidate.account_id) if own and not usable else []
    page = render_template(
        "auth/second_factor.html",
        proof=form,
        methods=candidate.methods,
        offers=usable,
        method=chosen,
        phone=phone,
        own=own,
        doors=doors,
        next=next_path(),
        door=request.blueprint,
    )
    return page, status
