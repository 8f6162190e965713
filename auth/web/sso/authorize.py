"""/oauth/authorize and /oauth/end-session: where applications send people to sign in and out."""

from datetime import timedelta

from authlib.oauth2 import OAuth2Error
from authlib.oidc.core.errors import ConsentRequiredError, LoginRequiredError
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import logout_user
from sqlalchemy.orm import Session

from auth.claims import claims
from auth.oidc.end_session import SignOutWish, read_wish
from auth.oidc.grants import CodeGrant
from auth.oidc.provider import Provider
from auth.queries.sso import account_of, claims_holder, current_sign_in, has_consent
from auth.services import sign_in as sign_in_services
from auth.services import sso as services
from auth.web.sso.form_targets import lead_to
from core import clock
from core.access import Actor
from core.database import transaction
from core.errors import SignInRequired
from core.messages import N_
from core.web.access import ANYONE, current_actor, open_to, signed_in
from core.web.languages import gettext
from core.web.limits import limited
from core.web.problems import error_page

AGREED = "agree"
# For which request, and when, somebody was sent to sign in anew.
SENT_TO_SIGN_IN = "sso_sent_to_sign_in"
BAD_REQUEST = N_("这个应用的登录请求有误，没有登录。请回到该应用重试；如再出现，请联系该应用。")

pages = Blueprint("sso", __name__, url_prefix="/oauth")


@pages.get("/authorize")
@open_to(ANYONE)
def authorize() -> ResponseReturnValue:
    """Sign a person in to an application: at once, or after they signed in or agreed."""
    actor = _visitor()
    with transaction() as session:
        provider = Provider(session, request.args)
        try:
            grant = provider.get_consent_grant(end_user=actor)
            if actor is None:
                raise SignInRequired()
            return _next_step(provider, grant, actor)
        except OAuth2Error as error:
            return provider.refuse(error) or error_page(400, gettext(BAD_REQUEST))


@pages.post("/authorize")
@limited(300, timedelta(minutes=5))
@open_to(ANYONE)
def decide() -> ResponseReturnValue:
    """The person agreed or not; the request itself is in the address, as it came."""
    actor = _visitor()
    if actor is None:
        return redirect(request.full_path, 303)
    with transaction() as session:
        provider = Provider(session, request.args)
        try:
            grant = provider.get_consent_grant(end_user=actor)
            if request.form.get("decision") != AGREED:
                return provider.answer(grant, None)
            if _must_sign_in(session, grant, actor):
                return redirect(request.full_path, 303)
            services.give_consent(session, actor, grant.client.row, grant.request.scope.split())
            return provider.answer(grant, actor)
        except OAuth2Error as error:
            return provider.refuse(error) or error_page(400, gettext(BAD_REQUEST))


@pages.get("/end-session")
@open_to(ANYONE)
def end_session() -> ResponseReturnValue:
    """Sign out as an application wishes; the person is asked unless it shows their ID token."""
    with transaction() as session:
        wish = read_wish(session, request.args)
    actor = _visitor()
    if actor is None or wish.is_of(actor):
        return _sign_out(wish)
    page = make_response(render_template("auth/end_session.html", client=wish.client))
    return lead_to(page, wish.target) if wish.target else page


@pages.post("/end-session")
@limited(300, timedelta(minutes=5))
@open_to(ANYONE)
def confirm_end_session() -> ResponseReturnValue:
    """The person wants to sign out; the wish is in the address, as it came."""
    with transaction() as session:
        wish = read_wish(session, request.args)
    return _sign_out(wish)


def _next_step(provider: Provider, grant: CodeGrant, actor: Actor) -> ResponseReturnValue:
    """Sign in anew, agree, or go back to the application. Raises OAuth2Error."""
    prompts = _prompts(grant)
    if _must_sign_in(provider.session, grant, actor):
        if "none" in prompts:
            raise LoginRequiredError(redirect_uri=grant.redirect_uri)
        cookie[SENT_TO_SIGN_IN] = [_challenge(grant), clock.now().timestamp()]
        raise SignInRequired()
    scopes = grant.request.scope.split()
    if "consent" in prompts or not has_consent(provider.session, actor, grant.client.row, scopes):
        if "none" in prompts:
            raise ConsentRequiredError(redirect_uri=grant.redirect_uri)
        return _ask(provider.session, grant, actor)
    return provider.answer(grant, actor)


def _must_sign_in(session: Session, grant: CodeGrant, actor: Actor) -> bool:
    """Whether the application wants a newer sign-in than the present one."""
    since = current_sign_in(session, actor).created_at
    max_age = grant.request.payload.data.get("max_age")
    too_old = max_age is not None and (clock.now() - since).total_seconds() > int(max_age)
    if not too_old and not _prompts(grant) & {"login", "select_account"}:
        return False
    # A request is known by its PKCE challenge: whoever comes back from the door with a sign-in
    # that is newer than the moment they were sent there has done what was asked.
    challenge, sent_at = cookie.get(SENT_TO_SIGN_IN, ("", 0))
    return bool(challenge != _challenge(grant) or since.timestamp() < sent_at)


def _ask(session: Session, grant: CodeGrant, actor: Actor) -> ResponseReturnValue:
    account = account_of(session, actor.account_id)
    about = claims_holder(session, account, current_sign_in(session, actor))
    scopes = grant.request.scope.split()
    page = render_template(
        "auth/consent.html",
        client=grant.client.row,
        scopes=scopes,
        shared=claims(about, grant.client.row.sector, scopes),
        agreed=AGREED,
        here=request.full_path,
    )
    return lead_to(make_response(page), grant.redirect_uri)


def _sign_out(wish: SignOutWish) -> ResponseReturnValue:
    if actor := _visitor():
        with transaction() as session:
            sign_in_services.end_session(session, actor)
        logout_user()
    if wish.target:
        return redirect(wish.target, 303)
    flash(gettext("您已退出登录。"), "good")
    return redirect(url_for("auth.sign_in"), 303)


def _visitor() -> Actor | None:
    """Who is signed in in this browser; a token from the console, without a session, is nobody."""
    actor = current_actor() if signed_in() else None
    return actor if actor and actor.session_id else None


def _prompts(grant: CodeGrant) -> set[str]:
    return set(grant.request.payload.data.get("prompt", "").split())


def _challenge(grant: CodeGrant) -> str:
    return str(grant.request.payload.data["code_challenge"])
