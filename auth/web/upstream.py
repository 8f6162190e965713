"""/auth/upstream: signing in with another institution's account; /auth/identities: those joined."""

import secrets
from uuid import UUID

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from auth.models import Upstream, UpstreamAttempt
from auth.oidc.provider import issuer
from auth.queries.upstream import (
    find_arrival,
    list_identities,
    name_of_holder,
    open_upstream,
)
from auth.schemas import Pending, SignedIn
from auth.schemas.upstream import Door, UnlinkIdentity
from auth.services import upstream as services
from auth.upstream import client
from auth.upstream.exchange import Registration
from auth.upstream.failures import Flaw, Untrusted
from auth.web.entering import FORM_BYTES, TRIES, WITHIN, go_on
from auth.web.identity import arriving, origin
from auth.web.sso.form_targets import let_sign_in_lead_on
from auth.web.sso.renewal import is_wanted_anew
from core.database import transaction
from core.errors import Conflict, PortalError, StepUpRequired
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to, signed_in
from core.web.actions import carry_out
from core.web.languages import english, gettext
from core.web.limits import body_at_most, limited
from core.web.problems import translated
from core.web.redirects import next_path, safe_path
from core.web.writes import write

pages = Blueprint("upstream", __name__, url_prefix="/auth/upstream")
identities = Blueprint("identities", __name__, url_prefix="/auth/identities")
# An application's sign-in may wait behind the way to a provider.
pages.after_request(let_sign_in_lead_on)

# A cookie of its own: a way to a provider outlives the sign-in that it may need in between.
COOKIE = "upstream"
COOKIE_SECONDS = 60 * 60
LONGEST_COOKIE = 64


@pages.get("/<uuid:upstream_id>")
@open_to(ANYONE)
def start(upstream_id: UUID) -> ResponseReturnValue:
    """Send the browser to the provider; with ``join`` to join whom it vouches for to the signed-in
    account, once it is surely its owner; with ``again`` to prove anew who is signed in.
    """
    joining, again = None, False
    if "join" in request.args and signed_in():
        try:
            with transaction() as session:
                services.may_join(session, current_actor())
        except StepUpRequired:
            # Back to the page of the link: no form may lead on to the provider.
            return redirect(url_for("step_up.show", next=next_path()))
        joining = current_actor().account_id
    elif again := "again" in request.args and signed_in():
        joining = current_actor().account_id
    browser = _browser() or secrets.token_urlsafe(32)
    anew = again or is_wanted_anew(next_path())
    with transaction() as session:
        services.count_departure(session, origin())
    with transaction() as session:
        upstream = open_upstream(session, upstream_id)
        way = services.set_out(session, upstream_id, browser, next_path(), joining, anew=anew)
    locale = "en" if english() else "zh-CN"
    try:
        address = client.authorization_address(_registration(upstream), way, locale, anew=anew)
    except PortalError as error:
        return _failed(upstream, error, next_path())
    response = redirect(address)
    _remember(response, browser)
    return response


@pages.get("/<uuid:upstream_id>/callback")
@open_to(ANYONE)
def callback(upstream_id: UUID) -> ResponseReturnValue:
    """Where the provider sends the browser back: check everything, then sign in."""
    state, browser = request.args.get("state", ""), _browser()
    with transaction() as session:
        upstream = open_upstream(session, upstream_id)
    try:
        with transaction() as session:
            attempt = services.come_back(session, upstream_id, state, browser)
    except Conflict as error:
        with transaction() as session:
            following = services.find_next(session, state, browser)
        return _failed(upstream, error, safe_path(following))
    following = safe_path(attempt.next_path)
    try:
        arrived = _arrive(upstream, attempt)
    except PortalError as error:
        return _failed(upstream, error, following)
    if arrived is None:
        return redirect(url_for("upstream.join", next=following))
    return go_on(arrived, following)


@pages.get("/join")
@open_to(ANYONE)
def join() -> ResponseReturnValue:
    """Somebody we do not know yet: join them to an account of ours, or open one."""
    with transaction() as session:
        found = find_arrival(session, _browser())
        held_by = name_of_holder(session, found[0]) if found else None
    if found is None:
        return _failed(None, services.way_lost(), next_path())
    arrival, upstream = found
    return render_template(
        "auth/upstream/join.html",
        upstream=upstream,
        arrival=arrival,
        held_by=held_by,
        next=next_path(),
    )


@pages.post("/join")
@open_to(SIGNED_IN)
def confirm_join() -> ResponseReturnValue:
    """Join who arrived in this browser to the signed-in account."""
    try:
        joined = write(Door, lambda session: services.join(session, current_actor(), _browser()))
    except StepUpRequired:
        here = url_for(".join", next=next_path())
        return redirect(url_for("step_up.show", next=here), 303)
    except PortalError as error:
        return _failed(None, error, next_path())
    flash(gettext("已连接%(name)s，以后可以用它登录。", name=joined.name), "good")
    return redirect(next_path(), 303)


@pages.post("/account")
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def open_account() -> ResponseReturnValue:
    """A new account for who arrived in this browser."""
    try:
        with transaction() as session:
            arrived = services.open_account(session, _browser(), arriving())
    except PortalError as error:
        return _failed(None, error, next_path())
    return go_on(arrived, next_path())


@identities.get("")
@open_to(SIGNED_IN)
def listing() -> ResponseReturnValue:
    """The accounts elsewhere that open this one, and those that could."""
    with transaction() as session:
        found = list_identities(session, current_actor())
    return render_template("auth/upstream/identities.html", identities=found)


@identities.post("/unlink")
@open_to(SIGNED_IN)
def unlink() -> ResponseReturnValue:
    """Part one from the account; it opens it no longer."""
    return carry_out(
        UnlinkIdentity,
        UnlinkIdentity,
        lambda session, command: services.unlink(session, current_actor(), command),
        gettext("已取消连接，以后不能再用它登录。"),
        url_for("identities.listing"),
    )


def _arrive(upstream: Upstream, attempt: UpstreamAttempt) -> SignedIn | Pending | None:
    """Raises Untrusted, Unavailable, Denied or Conflict."""
    proof = client.prove(
        _registration(upstream),
        _single(request.args),
        attempt.code_verifier,
        attempt.nonce_hash,
    )
    with transaction() as session:
        return services.arrive(session, attempt, proof, arriving())


def _registration(upstream: Upstream) -> Registration:
    return Registration(
        issuer=upstream.issuer,
        client_id=upstream.client_id,
        client_secret=upstream.client_secret,
        scopes=tuple(upstream.scopes),
        redirect_uri=redirect_uri(upstream.id),
    )


def redirect_uri(upstream_id: UUID) -> str:
    """Where a provider sends people back: one address for each, so that none can stand for another
    (RFC 9700, 2.1 and 4.4).
    """
    return issuer() + url_for("upstream.callback", upstream_id=upstream_id)


def _single(given: MultiDict[str, str]) -> dict[str, str]:
    """Each parameter once (RFC 6749, 3.1). Raises Untrusted."""
    if any(len(values) > 1 for _, values in given.lists()):
        raise Untrusted(Flaw.UNREADABLE)
    return given.to_dict()


def _browser() -> str:
    """This browser's secret, empty where it has none."""
    given = request.cookies.get(_cookie_name(), "")
    return given if len(given) <= LONGEST_COOKIE else ""


def _remember(response: BaseResponse, browser: str) -> None:
    response.set_cookie(
        _cookie_name(),
        browser,
        max_age=COOKIE_SECONDS,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Lax",
    )


def _cookie_name() -> str:
    return f"__Host-{COOKIE}" if current_app.config["SESSION_COOKIE_SECURE"] else COOKIE


def _failed(upstream: Upstream | None, error: PortalError, following: str) -> ResponseReturnValue:
    """What happened and what to do now; where the person wanted to go is kept."""
    page = render_template(
        "auth/upstream/failed.html",
        upstream=upstream,
        sentence=translated(error.message),
        code=error.code,
        next=following,
    )
    return page, error.status
