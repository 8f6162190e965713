"""When a person has to sign in anew for an application, and whether they have."""

from authlib.oidc.core.errors import LoginRequiredError
from flask import redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from auth import claims
from auth.oidc.demands import UnmetRequirementsError, prompts, wanted_level, wanted_subject
from auth.oidc.grants import CodeGrant
from auth.oidc.provider import issuer
from auth.services.signing import read_own_token
from auth.web.hints import HINT
from core import clock
from core.access import Actor

# For which request, and when, somebody was sent to sign in anew. A request is known by its PKCE
# challenge: whoever comes back from the door with a proof that is newer than the moment they were
# sent there has done what was asked.
SENT = "sso_sent_to_sign_in"
# For which request somebody chose the present account.
CHOSEN = "sso_chosen"


def must_sign_in(session: Session, grant: CodeGrant, actor: Actor) -> bool:
    """Whether the application wants another sign-in than the present one: newer, surer, or another
    person's. Raises OAuth2Error where the person has tried and it is not.
    """
    payload = grant.request.payload
    fresh = _came_back(grant, actor)
    if _is_too_unsure(grant, actor):
        if fresh:
            raise UnmetRequirementsError(redirect_uri=grant.redirect_uri)
        return True
    if _is_another(session, grant, actor):
        if fresh:
            raise LoginRequiredError(redirect_uri=grant.redirect_uri)
        return True
    max_age = payload.data.get("max_age")
    too_old = max_age is not None and _age(actor) > int(max_age)
    return (too_old or "login" in prompts(payload)) and not fresh


def send_to_sign_in(grant: CodeGrant) -> ResponseReturnValue:
    """To the door, and back here afterwards."""
    challenge = challenge_of(grant)
    cookie[SENT] = [challenge, clock.now().timestamp()]
    cookie[CHOSEN] = challenge  # signing in is choosing
    cookie[HINT] = grant.request.payload.data.get("login_hint", "")
    return redirect(url_for("auth.sign_in", next=request.full_path))


def challenge_of(grant: CodeGrant) -> str:
    """What tells this request from all others."""
    return str(grant.request.payload.data["code_challenge"])


def _came_back(grant: CodeGrant, actor: Actor) -> bool:
    challenge, sent_at = cookie.get(SENT, ("", 0))
    proved_at = actor.authenticated_at.timestamp() if actor.authenticated_at else 0
    return bool(challenge == challenge_of(grant) and proved_at >= sent_at)


def _is_too_unsure(grant: CodeGrant, actor: Actor) -> bool:
    try:
        wanted = wanted_level(grant.request.payload)
    except UnmetRequirementsError as error:
        error.redirect_uri = grant.redirect_uri
        raise
    return wanted is not None and actor.assurance < wanted


def _is_another(session: Session, grant: CodeGrant, actor: Actor) -> bool:
    """Whether the request is about somebody else (``id_token_hint``, or ``sub`` with a value)."""
    payload, client = grant.request.payload, grant.client
    wanted = {wanted_subject(payload)} - {None}
    if hint := payload.data.get("id_token_hint"):
        told = read_own_token(session, hint) or {}
        wanted.add(told["sub"] if told.get("iss") == issuer() else "")
    return bool(wanted - {claims.subject(client.row.sector, actor.account_id)})


def _age(actor: Actor) -> float:
    if actor.authenticated_at is None:
        return float("inf")
    return (clock.now() - actor.authenticated_at).total_seconds()
