"""/oauth/authorize: where applications send people to sign in."""

from datetime import timedelta

from authlib.oauth2 import OAuth2Error
from authlib.oidc.core.errors import (
    ConsentRequiredError,
    InteractionRequiredError,
    LoginRequiredError,
)
from flask import Blueprint, make_response, redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue

from auth.claims import claims
from auth.oidc.demands import prompts, shared_scopes
from auth.oidc.grants import CodeGrant
from auth.oidc.provider import Provider
from auth.queries.sso import claims_holder, has_consent
from auth.services.consent import give_consent
from auth.web.entering import FORM_BYTES
from auth.web.sso.form_targets import lead_to
from auth.web.sso.renewal import CHOSEN, challenge_of, must_sign_in, send_to_sign_in
from auth.web.sso.requests import provider_of_request
from core.access import Actor
from core.database import transaction
from core.errors import StepUpRequired
from core.messages import N_
from core.web.access import ANYONE, acting, open_to, signed_in
from core.web.languages import gettext, speak_meanwhile
from core.web.limits import body_at_most, limited
from core.web.posted import own_form_has
from core.web.problems import error_page

DECISION = "decision"
AGREED = "agree"
CONTINUED = "continue"
OTHER = "other"
BAD_REQUEST = N_("这个应用的登录请求有误，没有登录。请回到该应用重试；如再出现，请联系该应用。")

pages = Blueprint("sso", __name__, url_prefix="/oauth")


@pages.get("/authorize")
@open_to(ANYONE)
def authorize() -> ResponseReturnValue:
    """Sign a person in to an application: at once, or after they signed in or agreed."""
    actor = visitor()
    with transaction() as session:
        provider = None
        try:
            provider = provider_of_request(session)
            grant = provider.get_consent_grant(end_user=actor)
            speak_meanwhile(grant.request.payload.data.get("ui_locales"))
            return _next_step(provider, grant, actor)
        except OAuth2Error as error:
            return _refused(provider, error)


@pages.post("/authorize")
@limited(300, timedelta(minutes=5))
@body_at_most(FORM_BYTES)
@own_form_has(DECISION)
@open_to(ANYONE)
def decide() -> ResponseReturnValue:
    """The person agreed or not, or goes on with this account; the request itself is in the address,
    as it came.
    """
    actor = visitor()
    if actor is None:
        return redirect(request.full_path, 303)
    decision = request.form.get(DECISION)
    with transaction() as session:
        provider = None
        try:
            provider = provider_of_request(session)
            grant = provider.get_consent_grant(end_user=actor)
            if decision == CONTINUED:
                cookie[CHOSEN] = challenge_of(grant)
                return redirect(request.full_path, 303)
            if decision == OTHER:
                return send_to_sign_in(grant)
            if decision != AGREED:
                return _to_application(provider, grant, None)
            if must_sign_in(session, grant, actor) or _must_choose(grant):
                return redirect(request.full_path, 303)
            give_consent(session, actor, grant.client.client_id, _shared(grant))
            return _to_application(provider, grant, actor)
        except OAuth2Error as error:
            return _refused(provider, error)


def visitor() -> Actor | None:
    """Who is signed in in this browser; a token from the console, without a session, is nobody."""
    actor = acting() if signed_in() else None
    return actor if actor and actor.session_id else None


def _next_step(provider: Provider, grant: CodeGrant, actor: Actor | None) -> ResponseReturnValue:
    """Sign in (anew), choose, agree, or go back to the application. Raises OAuth2Error."""
    asked = prompts(grant.request.payload)
    silent = "none" in asked
    if actor is None or must_sign_in(provider.session, grant, actor):
        if silent:
            raise LoginRequiredError(redirect_uri=grant.redirect_uri)
        return send_to_sign_in(grant)
    if _must_choose(grant):
        return _page("auth/select_account.html", grant, continued=CONTINUED, other=OTHER)
    agreed = has_consent(provider.session, actor, grant.client.client_id, _shared(grant))
    if "consent" in asked or not agreed:
        if silent:
            raise ConsentRequiredError(redirect_uri=grant.redirect_uri)
        return _ask(provider, grant, actor)
    try:
        return _to_application(provider, grant, actor)
    except StepUpRequired:
        if silent:
            raise InteractionRequiredError(redirect_uri=grant.redirect_uri) from None
        raise


def _must_choose(grant: CodeGrant) -> bool:
    """Whether the person has yet to say with which account to go on."""
    wanted = "select_account" in prompts(grant.request.payload)
    return wanted and cookie.get(CHOSEN) != challenge_of(grant)


def _ask(provider: Provider, grant: CodeGrant, actor: Actor) -> ResponseReturnValue:
    about = claims_holder(provider.session, actor.account_id)
    scopes = _shared(grant)
    return _page(
        "auth/consent.html",
        grant,
        scopes=scopes,
        shared=claims(about, grant.client.row.sector, scopes),
        agreed=AGREED,
    )


def _page(template: str, grant: CodeGrant, **more: object) -> ResponseReturnValue:
    page = render_template(template, client=grant.client.row, here=request.full_path, **more)
    return lead_to(make_response(page), grant.redirect_uri)


def _shared(grant: CodeGrant) -> list[str]:
    return shared_scopes(grant.request.scope, grant.claims)


def _to_application(
    provider: Provider, grant: CodeGrant, actor: Actor | None
) -> ResponseReturnValue:
    speak_meanwhile(None)
    return provider.answer(grant, actor)


def _refused(provider: Provider | None, error: OAuth2Error) -> ResponseReturnValue:
    answer = provider.refuse(error) if provider else None
    return answer or error_page(400, gettext(BAD_REQUEST))
