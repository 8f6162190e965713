"""/auth/wechat: signing in on pages opened inside WeChat, and the WeChat users of one's account."""

import secrets

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from auth import ports
from auth.models import WeChatVisit
from auth.queries.wechat import list_identities
from auth.schemas import RequestCode
from auth.schemas.wechat import BindByCode, Unbind
from auth.services import door
from auth.services import wechat as services
from auth.web.entering import FORM_BYTES, TRIES, WITHIN, enter
from auth.web.identity import arriving, origin
from auth.web.leftovers import WECHAT_BROWSER, WECHAT_TICKET
from auth.web.pages import pages as sign_in_pages
from auth.web.sso.form_targets import lead_to
from auth.web.wechat.api import confirm_binding
from core.database import transaction
from core.errors import Invalid, PortalError, StepUpRequired
from core.messages import N_
from core.settings import settings
from core.web.access import ANYONE, SIGNED_IN, current_actor, open_to, signed_in
from core.web.forms import Form, blank, read_form
from core.web.languages import gettext
from core.web.limits import body_at_most, limited
from core.web.problems import translated
from core.web.redirects import next_path, safe_path
from wechat.public import wechat
from wechat.schemas import App, WeChatUser

pages = Blueprint("auth_wechat", __name__, url_prefix="/auth/wechat")


@sign_in_pages.context_processor
def offer() -> dict[str, object]:
    """The front door offers WeChat where its page is seen inside WeChat."""
    return {"wechat_offered": inside_wechat() and wechat().has_official_account}


@pages.get("/start")
@open_to(ANYONE)
def start() -> ResponseReturnValue:
    """Go to WeChat's page to sign in; WeChat sends the browser back to ``callback``."""
    if signed_in():
        return redirect(next_path())
    return _visit_wechat(next_path())


@pages.post("/bind")
@open_to(SIGNED_IN)
def bind() -> ResponseReturnValue:
    """Go to WeChat's page to join the account that is signed in, once it is surely its owner."""
    try:
        with transaction() as session:
            services.may_bind(session, current_actor())
    except StepUpRequired:
        # Back to the page of the button: only from there may a form lead on to WeChat.
        return redirect(url_for("step_up.show", next=url_for(".listing")), 303)
    return _visit_wechat(url_for(".listing"), bind=True)


@pages.get("/callback")
@open_to(ANYONE)
def callback() -> ResponseReturnValue:
    """WeChat sent the browser back."""
    browser, state = cookie.get(WECHAT_BROWSER, ""), request.args.get("state", "")
    try:
        with transaction() as session:
            visit = services.end_visit(session, browser, state)
    except Invalid as error:
        if signed_in():
            return redirect(url_for("portal.home"))  # reloaded after it had worked
        return _back_to_the_door(error, url_for("portal.home"))
    try:
        if "code" not in request.args:
            raise Invalid("wechat_declined", N_("您没有同意用微信登录，可以换一种方式。"))
        user = wechat().official_account_user(request.args["code"])
        return _join(visit, user) if visit.account_id else _sign_in(visit, user)
    except PortalError as error:
        if visit.account_id:
            flash(translated(error.message), "bad")
            return redirect(url_for(".listing"))
        return _back_to_the_door(error, visit.next_path)


@pages.get("/phone")
@open_to(ANYONE)
def phone() -> ResponseReturnValue:
    """WeChat is known, the account is not: ask for the phone."""
    if WECHAT_TICKET not in cookie:
        return redirect(url_for("auth.sign_in", next=next_path()))
    return _ask_phone(blank(RequestCode), 200)


@pages.post("/phone")
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def request_code() -> ResponseReturnValue:
    """Send a code and ask for it."""
    form = read_form(RequestCode)
    if form.command is None:
        return _ask_phone(form, 422)
    try:
        with transaction() as session:
            services.count_binding(session, cookie.get(WECHAT_TICKET, ""))
        with transaction() as session:
            sent, code = door.request_code(session, form.command, arriving())
        ports.send_code(form.command.phone, code, sent.challenge_id)
    except PortalError as error:
        return _ask_phone(form, form.fail(error))
    values = {"challenge_id": str(sent.challenge_id), "phone": form.command.phone}
    return _ask_code(Form(values=values), 200)


@pages.post("/phone/confirm")
@limited(TRIES, WITHIN)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def confirm_code() -> ResponseReturnValue:
    """Join the phone's account to the WeChat user, and sign in."""
    form = read_form(BindByCode, ticket=cookie.get(WECHAT_TICKET, ""))
    if form.command is None:
        return _ask_code(form, 422)
    try:
        opened = confirm_binding(form.command, arriving())
    except PortalError as error:
        if error.fields:
            return _ask_code(form, form.fail(error))  # a wrong code; the ticket still stands
        return _back_to_the_door(error, next_path())
    enter(opened)
    flash(gettext("已绑定微信，以后在微信里打开就能直接登录。"), "good")
    return redirect(next_path())


@pages.get("")
@open_to(SIGNED_IN)
def listing() -> ResponseReturnValue:
    """The WeChat users that the account is joined to."""
    with transaction() as session:
        identities = list_identities(session, current_actor())
    may_bind = (
        inside_wechat()
        and wechat().has_official_account
        and all(identity.app is not App.OFFICIAL_ACCOUNT for identity in identities)
    )
    page = make_response(
        render_template("auth/wechat/identities.html", identities=identities, may_bind=may_bind)
    )
    return lead_to(page, wechat().authorize_base) if may_bind else page


@pages.post("/unbind")
@open_to(SIGNED_IN)
def unbind() -> ResponseReturnValue:
    """Take one off; where this very session was opened through it, this is signing out too."""
    form = read_form(Unbind)
    if form.command is None:
        raise Invalid()
    with transaction() as session:
        services.unbind(session, current_actor(), form.command.identity_id)
    flash(gettext("已解除绑定，用它登录的地方都已退出。"), "good")
    return redirect(url_for(".listing"), 303)


def inside_wechat() -> bool:
    """Whether the page is opened in WeChat's own browser."""
    return "MicroMessenger" in request.user_agent.string


def _visit_wechat(back: str, *, bind: bool = False) -> ResponseReturnValue:
    browser = cookie.setdefault(WECHAT_BROWSER, secrets.token_urlsafe(32))
    account_id = current_actor().account_id if bind else None
    with transaction() as session:
        services.count_try(session, origin())
    with transaction() as session:
        state = services.begin_visit(session, browser, back, account_id)
    redirect_uri = settings().public_url.rstrip("/") + url_for(".callback")
    return redirect(wechat().authorize_url(redirect_uri, state), 303)


def _sign_in(visit: WeChatVisit, user: WeChatUser) -> ResponseReturnValue:
    with transaction() as session:
        answer = services.sign_in(session, user, arriving())
    if answer.signed_in:
        enter(answer.signed_in)
        return redirect(safe_path(visit.next_path))
    if answer.binding:
        cookie[WECHAT_TICKET] = answer.binding.ticket
    return redirect(url_for(".phone", next=visit.next_path))


def _join(visit: WeChatVisit, user: WeChatUser) -> ResponseReturnValue:
    actor = current_actor()
    if actor.account_id != visit.account_id:
        raise Invalid("wechat_state", services.EXPIRED)
    with transaction() as session:
        services.bind_own(session, actor, user)
    flash(gettext("已绑定微信，以后在微信里打开就能直接登录。"), "good")
    return redirect(url_for(".listing"))


def _back_to_the_door(error: PortalError, wanted: str) -> ResponseReturnValue:
    """The other ways of signing in are there."""
    flash(translated(error.message), "bad")
    return redirect(url_for("auth.sign_in", next=wanted))


def _ask_phone(form: Form[RequestCode], status: int) -> ResponseReturnValue:
    return render_template("auth/wechat/phone.html", phone=form, next=next_path()), status


def _ask_code(form: Form[BindByCode], status: int) -> ResponseReturnValue:
    if not form.values.get("challenge_id"):
        return redirect(url_for(".phone", next=next_path()))
    return render_template("auth/wechat/code.html", code=form, next=next_path()), status
