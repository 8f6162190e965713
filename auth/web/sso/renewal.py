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
from auth.web.entering import ENTERED
from auth.web.hints import HINT
from core import clock
from core.access import Actor

# For which request, and when, somebody was sent to sign in anew. A request is known by its PKCE
# challenge: whoever comes back from the door with a proof that is newer than the moment they were
# sent there has done what was asked.
SENT = "sso_sent_to_sign_in"
# For which request somebody chose the present account.
CHOSEN = "sso_chosen"
# The address of the request for which a proof made before, here or at a provider, is not enough.
ANEW = "sso_anew"


def must_sign_in(session: Session, grant: CodeGrant, actor: Actor) -> bool:
    """Whether the application wants another sign-in than the present one: newer, surer, or another
    person's. Raises OAuth2Error where the person has tried and it is not.
    """
    payload = grant.request.payload
    fresh = _came_back(grant, actor)
    tried = fresh or _signed_in_since(grant)
    if _is_too_unsure(grant, actor):
        if tried:
            raise UnmetRequirementsError(redirect_uri=grant.redirect_uri)
        return True
    if _is_another(session, grant, actor):
        if tried:
            raise LoginRequiredError(redirect_uri=grant.redirect_uri)
        return True
    max_age = payload.data.get("max_age")
    too_old = max_age is not None and _age(actor) > int(max_age)
    if fresh or not (too_old or "login" in prompts(payload)):
        return False
    # A provider elsewhere signed them in without asking.
    if tried:
        raise LoginRequiredError(redirect_uri=grant.redirect_uri)
    return True


def is_wanted_anew(following: str) -> bool:
    """Whether the request at this address has sent somebody to the door for a fresh proof."""
    return cookie.get(ANEW) == following


def send_to_sign_in(grant: CodeGrant) -> ResponseReturnValue:
    """To the door, and back here afterwards."""
    challenge = challenge_of(grant)
    cookie[SENT] = [challenge, clock.now().timestamp()]
    cookie[CHOSEN] = challenge  # signing in is choosing
    payload = grant.request.payload
    if "login" in prompts(payload) or "max_age" in payload.data:
        cookie[ANEW] = request.full_path
    cookie[HINT] = payload.data.get("login_hint", "")
    return redirect(url_for("auth.sign_in", next=request.full_path))


def challenge_of(grant: CodeGrant) -> str:
    """What tells this request from all others."""
    return str(grant.request.payload.data["code_challenge"])


def _came_back(grant: CodeGrant, actor: Actor) -> bool:
    challenge, sent_at = cookie.get(SENT, ("", 0))
    proved_at = actor.authenticated_at.timestamp() if actor.authenticated_at else 0
    return bool(challenge == challenge_of(grant) and proved_at >= sent_at)


def _signed_in_since(grant: CodeGrant) -> bool:
    """Whether the door has let them in since they were sent there for this request, by a proof
    however old.
    """
    challenge, sent_at = cookie.get(SENT, ("", 0))
    return bool(challenge == challenge_of(grant) and cookie.get(ENTERED, -1) >= sent_at)


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
