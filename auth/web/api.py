"""POST /api/v1/auth/…: sign in for the mini-program and other first-party clients."""

from auth import ports
from auth.queries.grants import grants_of
from auth.schemas import ChallengeSent, ConfirmCode, Me, PasswordSignIn, RequestCode, SignedIn
from auth.services import sign_in as services
from auth.web.identity import origin
from auth.web.pages import confirm
from core.database import transaction
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to
from core.web.api import SECURED, room_api

api = room_api("auth", "Sign-in")


@api.post("/codes")
@api.input(RequestCode, arg_name="command")
@api.output(ChallengeSent, status_code=202)
@open_to(ANYONE)
def request_code(command: RequestCode) -> ChallengeSent:
    """Send a sign-in code by SMS; the answer does not tell whether an account exists."""
    with transaction() as session:
        sent, code = services.request_code(session, command, origin("api"))
    ports.send_code(command.phone, code, sent.challenge_id)
    return sent


@api.post("/tokens/code")
@api.input(ConfirmCode, arg_name="command")
@api.output(SignedIn, status_code=201)
@open_to(ANYONE)
def token_by_code(command: ConfirmCode) -> SignedIn:
    """Exchange a code for a bearer token."""
    return _as_token(confirm(command, "api"))


@api.post("/tokens/password")
@api.input(PasswordSignIn, arg_name="command")
@api.output(SignedIn, status_code=201)
@open_to(ANYONE)
def token_by_password(command: PasswordSignIn) -> SignedIn:
    """Exchange a staff name and password for a bearer token."""
    with transaction() as session:
        services.count_password_try(session, command, origin("api"))
    with transaction() as session:
        signed_in = services.sign_in_by_password(session, command, origin("api"))
    return _as_token(signed_in)


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


def _as_token(signed_in: SignedIn) -> SignedIn:
    lifetime = services.SESSION_LIFETIME
    with transaction() as session:
        token = services.issue_token(
            session,
            signed_in.account_id,
            scope=services.PORTAL_SCOPE,
            lifetime=lifetime,
            session_id=services.session_id_of(session, signed_in.token),
        )
    return signed_in.model_copy(update={"token": token})
