"""WeChat's authorization page, and a page that hands out what a mini-program gets from WeChat."""

from urllib.parse import urlencode, urlsplit

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from standins.language import N_, translate
from standins.wechat.people import Person
from standins.wechat.platform import Kind, platform

SCOPES = {"snsapi_base", "snsapi_userinfo"}
# WeChat's page says no more than this and a number.
APP_UNKNOWN = N_("appid 参数错误（10013）")
REDIRECT_UNKNOWN = N_("redirect_uri 域名与后台配置不一致（10003）")
SCOPE_UNKNOWN = N_("Scope 参数错误或没有 Scope 权限（10005）")

blueprint = Blueprint("wechat", __name__)


@blueprint.get("/connect/oauth2/authorize")
def authorize() -> ResponseReturnValue:
    """Choose who holds the phone; with WeChat itself nobody has to."""
    if trouble := _trouble():
        page = render_template(
            "standins/notice.html", title=translate("微信打不开这个页面"), text=translate(trouble)
        )
        return page, 400
    return render_template(
        "standins/wechat_authorize.html",
        people=platform().people.values(),
        userinfo=request.args["scope"] == "snsapi_userinfo",
    )


@blueprint.post("/connect/oauth2/authorize")
def decide() -> ResponseReturnValue:
    """Back to the application with a code, or without one where the person declined."""
    if _trouble():
        abort(400)
    answer = {"state": request.args.get("state", "")}
    if person := platform().people.get(request.form.get("person", "")):
        scope = request.args["scope"]
        app_id = platform().config.wechat_official_account_id
        code = platform().make_code(Kind.OAUTH, app_id, person, scope)
        answer = {"code": code} | answer
    target = request.args["redirect_uri"]
    return redirect(f"{target}{'&' if '?' in target else '?'}{urlencode(answer)}", 303)


@blueprint.get("/wechat/")
def tray() -> ResponseReturnValue:
    """Who can be tried."""
    return _tray(None)


@blueprint.post("/wechat/")
def hand_out() -> ResponseReturnValue:
    """The codes that the mini-program would get from ``wx.login`` and the phone button."""
    person = platform().people.get(request.form.get("person", ""))
    if person is None:
        return redirect(url_for(".tray"))
    return _tray(person)


def _tray(person: Person | None) -> str:
    config = platform().config
    app_id = config.wechat_mini_program_id
    codes = {}
    if person:
        codes = {
            kind: platform().make_code(kind, app_id, person) for kind in (Kind.LOGIN, Kind.PHONE)
        }
    return render_template(
        "standins/wechat.html",
        people=platform().people.values(),
        person=person,
        login_code=codes.get(Kind.LOGIN),
        phone_code=codes.get(Kind.PHONE),
        minutes=int(config.wechat_code_seconds // 60),
        portal=config.portal_url,
    )


def _trouble() -> str | None:
    config, asked = platform().config, request.args
    known = config.wechat_official_account_id
    if not known or asked.get("appid") != known:
        return APP_UNKNOWN
    target, own = urlsplit(asked.get("redirect_uri", "")), urlsplit(config.portal_url)
    if (target.scheme, target.netloc) != (own.scheme, own.netloc):
        return REDIRECT_UNKNOWN
    if asked.get("scope") not in SCOPES or asked.get("response_type") != "code":
        return SCOPE_UNKNOWN
    return None
