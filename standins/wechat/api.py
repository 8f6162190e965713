"""What a server calls: stable_token, code2Session, getPhoneNumber, and the web authorization."""

import secrets
import time
from typing import Any

from flask import Blueprint, Response, jsonify, request

from standins.wechat.errors import WeChatError
from standins.wechat.people import Person
from standins.wechat.platform import Grant, Kind, platform

USERINFO = "snsapi_userinfo"
OAUTH_TOKEN_SECONDS = 7200

blueprint = Blueprint("wechat_api", __name__)


@blueprint.errorhandler(WeChatError)
def refuse(error: WeChatError) -> Response:
    """A refusal is an answer with status 200."""
    return jsonify(error.body())


@blueprint.before_request
def count() -> None:
    """Every call counts, also one that fails because the platform is busy."""
    platform().answer(request.path.rsplit("/", 1)[-1])


@blueprint.route("/cgi-bin/stable_token", methods=["GET", "POST"])
def stable_token() -> Response:
    """POST JSON only."""
    if request.method != "POST":
        raise WeChatError(43002)
    body = _body()
    if body.get("grant_type") != "client_credential":
        raise WeChatError(40002)
    app_id = _text(body, "appid")
    platform().check_secret(app_id, _text(body, "secret"), _mini_program(), _official_account())
    value, seconds = platform().stable_token(app_id, replace=body.get("force_refresh") is True)
    return jsonify(access_token=value, expires_in=seconds)


@blueprint.get("/sns/jscode2session")
def code_to_session() -> Response:
    """The session key is as random as WeChat's; nothing here is encrypted with it."""
    app_id = _checked_query(_mini_program())
    code = platform().use_code(Kind.LOGIN, app_id, request.args.get("js_code", ""))
    platform().limit(code.person)
    if code.person.risky:
        raise WeChatError(40226)
    return jsonify(
        openid=code.person.openid(app_id),
        unionid=code.person.unionid,
        session_key=secrets.token_urlsafe(16) + "==",
    )


@blueprint.post("/wxa/business/getuserphonenumber")
def phone_number() -> Response:
    """The phone of whoever pressed the button."""
    platform().check_token(request.args.get("access_token", ""))
    app_id, _ = _mini_program()
    person = platform().use_code(Kind.PHONE, app_id, _text(_body(), "code")).person
    platform().limit(person)
    whole = person.phone if person.calling_code == "86" else f"{person.calling_code}{person.phone}"
    info = {
        "phoneNumber": whole,
        "purePhoneNumber": person.phone,
        "countryCode": person.calling_code,
        "watermark": {"timestamp": int(time.time()), "appid": app_id},
    }
    return jsonify(errcode=0, errmsg="ok", phone_info=info)


@blueprint.get("/sns/oauth2/access_token")
def oauth_token() -> Response:
    """The code of the authorization page for a token of that person."""
    app_id = _checked_query(_official_account())
    code = platform().use_code(Kind.OAUTH, app_id, request.args.get("code", ""))
    if code.person.risky:
        raise WeChatError(40226)
    granted = Grant(app_id, code.person, code.scope)
    answer = _oauth_answer(granted) | {"refresh_token": platform().grant(granted)}
    if code.scope == USERINFO:
        answer["unionid"] = code.person.unionid
    return jsonify(answer)


@blueprint.get("/sns/oauth2/refresh_token")
def oauth_refresh() -> Response:
    """Another token for the same person; the refresh token stays."""
    _require_grant_type("refresh_token")
    app_id, refresh_token = request.args.get("appid", ""), request.args.get("refresh_token", "")
    granted = platform().find_grant(app_id, refresh_token)
    return jsonify(_oauth_answer(granted) | {"refresh_token": refresh_token})


def _oauth_answer(granted: Grant) -> dict[str, Any]:
    person: Person = granted.person
    return {
        "access_token": secrets.token_urlsafe(48),
        "expires_in": OAUTH_TOKEN_SECONDS,
        "openid": person.openid(granted.app_id),
        "scope": granted.scope,
    }


def _checked_query(app: tuple[str, str]) -> str:
    _require_grant_type("authorization_code")
    app_id = request.args.get("appid", "")
    platform().check_secret(app_id, request.args.get("secret", ""), app)
    return app_id


def _require_grant_type(wanted: str) -> None:
    if request.args.get("grant_type") != wanted:
        raise WeChatError(40002)


def _mini_program() -> tuple[str, str]:
    config = platform().config
    return config.wechat_mini_program_id, config.wechat_mini_program_secret


def _official_account() -> tuple[str, str]:
    config = platform().config
    return config.wechat_official_account_id, config.wechat_official_account_secret


def _body() -> dict[str, Any]:
    """WeChat reads the body as JSON whatever its content type says."""
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise WeChatError(47001)
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    return value if isinstance(value, str) else ""
