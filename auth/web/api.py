"""POST /api/v1/auth/…: sign in for the mini-program and other first-party clients."""

from typing import Any

from auth import ports
from auth.queries.factors import candidate_of
from auth.queries.grants import grants_of
from auth.schemas import (
    ChallengeSent,
    ConfirmCode,
    Me,
    PasswordSignIn,
    Pending,
    PendingCode,
    PendingProof,
    Proof,
    RequestCode,
    SignedIn,
)
from auth.services import door
from auth.services import second_factor as second_factor_services
from auth.services import sign_in as services
from auth.web.entering import FORM_BYTES, TRIES, WITHIN
from auth.web.identity import origin
from auth.web.pages import confirm
from auth.web.second_factor import send, take
from core.database import transaction
from core.errors import PortalError
from core.messages import N_
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api
from core.web.limits import By, body_at_most, limited

api = room_api("auth", "Sign-in")


class SecondFactorRequired(PortalError):
    """A sign-in by the API is right so far: ``pending`` names it for the next request."""

    status = 401
    default_code = "second_factor_required"
    default_sentence = N_("还需要第二步验证。")

    def __init__(self, pending: Pending) -> None:
        super().__init__()
        self._pending = pending

    @property
    def members(self) -> dict[str, Any]:
        """What is missing, and what could be proved."""
        return self._pending.model_dump(mode="json", exclude={"token"}) | {
            "pending": self._pending.token
        }


@api.post("/codes")
@api.input(RequestCode, arg_name="command")
@api.output(ChallengeSent, status_code=202)
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def request_code(command: RequestCode) -> ChallengeSent:
    """Send a sign-in code by SMS; the answer does not tell whether an account exists."""
    with transaction() as session:
        sent, code = door.request_code(session, command, origin("api"))
    ports.send_code(command.phone, code, sent.challenge_id)
    return sent


@api.post("/tokens/code")
@api.input(ConfirmCode, arg_name="command")
@api.output(SignedIn, status_code=201)
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def token_by_code(command: ConfirmCode) -> SignedIn:
    """Exchange a code for a bearer token; 401 ``second_factor_required`` where one is needed."""
    return as_token(confirm(command, origin("api")))


@api.post("/tokens/password")
@api.input(PasswordSignIn, arg_name="command")
@api.output(SignedIn, status_code=201)
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def token_by_password(command: PasswordSignIn) -> SignedIn:
    """Exchange a name and password for a bearer token; staff get 401 ``second_factor_required``
    with ``pending`` and the ``methods`` to go on with.
    """
    with transaction() as session:
        door.count_password_try(session, command, origin("api"))
    with transaction() as session:
        outcome = door.sign_in_by_password(session, command, origin("api"))
    return as_token(outcome)


@api.post("/tokens/second-factor/code")
@api.input(PendingCode, arg_name="command")
@api.output(ChallengeSent, status_code=202)
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def second_factor_code(command: PendingCode) -> ChallengeSent:
    """Send a code to the phone of the account that is signing in."""
    with transaction() as session:
        candidate = second_factor_services.get_candidate(session, command.pending)
    return send(candidate, origin("api"))[0]


@api.post("/tokens/second-factor")
@api.input(PendingProof, arg_name="command")
@api.output(SignedIn, status_code=201)
@limited(TRIES, WITHIN, failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def token_by_second_factor(command: PendingProof) -> SignedIn:
    """Prove the second factor of a sign-in: ``method`` is sms (with ``challenge_id``), otp, kba (a
    recovery code) or pwd. Setting up a first one, or a password of one's own, takes the pages.
    """
    with transaction() as session:
        candidate = second_factor_services.get_candidate(session, command.pending)
    return as_token(take(candidate, command.pending, command, origin("api")))


@api.post("/step-up/code")
@api.output(ChallengeSent, status_code=202)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def step_up_code() -> ChallengeSent:
    """Send a code to one's own phone, to answer ``step_up_required`` with."""
    with transaction() as session:
        candidate = candidate_of(session, current_actor())
    return send(candidate, origin("api"))[0]


@api.post("/step-up")
@api.input(Proof, arg_name="command")
@api.output(SignedIn, status_code=201)
@api.doc(**SECURED)
@limited(TRIES, WITHIN, By.ACCOUNT)
@open_to(SIGNED_IN)
def step_up(command: Proof) -> SignedIn:
    """Prove again who one is; the answer is a new token, and the one it was asked with ends."""
    actor = current_actor()
    with transaction() as session:
        candidate = candidate_of(session, actor)
    outcome = take(candidate, "", command, origin("api"))
    with transaction() as session:
        services.end_tokens_of(session, actor, own_only=True)
    return as_token(outcome)


@api.delete("/tokens/current")
@api.output({}, status_code=204)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def end_token() -> str:
    """Sign out: this token and the session it belongs to end."""
    with transaction() as session:
        services.end_session(session, current_actor())
    return ""


@api.get("/me")
@api.output(Me)
@api.doc(**SECURED)
@open_to(SIGNED_IN)
def me() -> Me:
    """Who the token belongs to."""
    actor = current_actor()
    with transaction() as session:
        return Me(
            account_id=actor.account_id,
            name=actor.name,
            person_id=actor.person_id,
            verified=actor.verified,
            roles=grants_of(session, actor.account_id),
        )


def as_token(outcome: SignedIn | Pending) -> SignedIn:
    """A bearer token of the session, in place of its own, which is a browser's.

    Raises SecondFactorRequired, after what was proved is kept.
    """
    if isinstance(outcome, Pending):
        raise SecondFactorRequired(outcome)
    with transaction() as session:
        token = services.issue_token(
            session,
            outcome.account_id,
            scope=services.PORTAL_SCOPE,
            lifetime=services.SESSION_LIFETIME,
            session_id=services.session_id_of(session, outcome.token),
        )
    return outcome.model_copy(update={"token": token})
