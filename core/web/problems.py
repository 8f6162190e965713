"""One map from errors to answers: problem+json (RFC 9457) for the API, a page for people."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

import structlog
from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, g, json, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException

from core.errors import (
    Invalid,
    NotFound,
    PortalError,
    SignInRequired,
    StepUpRequired,
    TooMany,
    Unavailable,
)
from core.messages import N_, Message
from core.web.access import Anyone
from core.web.formats import written
from core.web.languages import gettext

log = structlog.get_logger()
STEP_UP_ERROR = "insufficient_user_authentication"
CSRF_FIELD = "csrf_token"
# Fields of a form that no page may carry on.
NOT_KEPT = (CSRF_FIELD, "password", "old_password", "new_password", "repeated")
# What is refused now may be sent again as it is.
SENT_AGAIN = (429, 500, 503)
STALE = N_("这一页放得太久，或在别的窗口重新登录过，刚才填的还没有提交。")

# Sentences for what the framework itself refuses, by HTTP status.
SENTENCES = {
    400: N_("请求的内容无法识别，请检查后再试。"),
    401: N_("请先登录。"),
    403: N_("您没有权限查看或办理这一项。如有需要，请联系本单位管理员。"),
    404: N_("没有找到这个页面，请检查地址。"),
    405: N_("这一页不能直接打开，请从首页进去再办。"),
    406: N_("无法按要求的格式答复。"),
    413: N_("内容太大了，请精简后再提交。"),
    415: N_("内容格式不受支持，请使用 JSON。"),
    422: N_("有些内容需要修改，请看标出的地方。"),
    429: N_("操作太频繁，请稍后再试。"),
    500: N_("我们这边出了问题，已经记录下来，请稍后再试。"),
    503: N_("系统正忙，这次没有办成，请过一会儿再试。"),
}


def translated(message: Message) -> str:
    """The sentence in the reader's language."""
    return gettext(message.sentence, **{name: _shown(v) for name, v in message.values.items()})


def _shown(value: object) -> str:
    """What fills a place of a sentence: a sentence itself, several of them, a day, plain text."""
    if isinstance(value, Message):
        return translated(value)
    if isinstance(value, list):
        return gettext(N_("、")).join(_shown(each) for each in value)
    return written(str(value))


def wants_problem() -> bool:
    """Whether this request belongs to the API."""
    return request.path.startswith("/api/")


def wants_oauth_error() -> bool:
    """Whether an application asks one of the endpoints of OAuth, which have errors of their own."""
    rule = g.get("access_rule")
    return isinstance(rule, Anyone) and rule.machine and request.path.startswith("/oauth/")


def oauth_error(status: int) -> Response:
    """What a client library reads (RFC 6749, 5.2); the view itself refused nothing."""
    code = {429: "temporarily_unavailable", 503: "temporarily_unavailable"}.get(
        status, "invalid_request" if status < 500 else "server_error"
    )
    body = {"error": code, "error_description": HTTPStatus(status).phrase}
    response = Response(json.dumps(body), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def problem(
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, str]],
    members: Mapping[str, object] | None = None,
) -> Response:
    """An application/problem+json answer; ``members`` are extension members of its code."""
    body: dict[str, Any] = {
        **(members or {}),
        "type": f"/api/problems/{code}",
        "title": gettext(SENTENCES.get(status, SENTENCES[500])),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    response = Response(json.dumps(body), status, mimetype="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return response


def answer_too_many(error: TooMany) -> ResponseReturnValue:
    """As other refusals; it says when trying again works (RFC 9110, 10.2.3)."""
    answer = make_response(answer_portal_error(error))
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def answer_portal_error(error: PortalError) -> ResponseReturnValue:
    """A refusal in the product's own words."""
    if wants_oauth_error():
        return oauth_error(error.status)
    if wants_problem():
        fields = [{"field": k, "message": translated(v)} for k, v in error.fields.items()]
        sentence = translated(error.message)
        answer = problem(error.status, error.code, sentence, fields, error.members)
        if isinstance(error, StepUpRequired):
            # RFC 9470, 3: what is missing is not the token but how its owner was known.
            answer.headers["WWW-Authenticate"] = "Bearer " + ", ".join(
                f'{name}="{value}"'
                for name, value in (("error", STEP_UP_ERROR), *error.members.items())
            )
        return answer
    if isinstance(error, SignInRequired):
        return redirect(url_for("auth.sign_in", next=_return_path()))
    if isinstance(error, StepUpRequired):
        return _ask_again(error)
    return error_page(error.status, translated(error.message))


def _ask_again(error: StepUpRequired) -> ResponseReturnValue:
    """To the page that asks who it is, and back. What a form held is kept on a page of its own,
    from which it is sent again afterwards; passwords are not.
    """
    if request.method == "GET":
        return redirect(url_for("step_up.show", next=_return_path()))
    kept = [(n, v) for n, v in request.form.items(multi=True) if n not in NOT_KEPT]
    page = render_template("shell/step_up.html", kept=kept, here=request.full_path.rstrip("?"))
    return page, 403


def answer_http_error(error: HTTPException) -> ResponseReturnValue:
    """What Werkzeug or APIFlask refuses."""
    if isinstance(error.response, Response):
        return error.response
    status = error.code or 500
    if 300 <= status < 400:
        return error
    if wants_oauth_error():
        return oauth_error(status)
    if wants_problem():
        return problem(status, _code(status), gettext(SENTENCES.get(status, SENTENCES[400])), [])
    return error_page(status, gettext(SENTENCES.get(status, SENTENCES[400])))


def answer_stale_form(error: CSRFError) -> ResponseReturnValue:
    """A form whose token is of another session: its owner has signed in anew meanwhile, or it is
    no form of ours. Only the first is offered to be sent again.
    """
    if wants_problem() or wants_oauth_error():
        return answer_http_error(error)
    page = render_template(
        "shell/error.html", status=400, sentence=gettext(STALE), stale=True, again=_kept()
    )
    return page, 400


def answer_invalid_request(error: HTTPError) -> ResponseReturnValue:
    """What APIFlask's validation found: each field at fault is named."""
    errors = [{"field": field, "message": sentence} for _, field, sentence in flatten(error.detail)]
    status = error.status_code
    return problem(status, _code(status), gettext(SENTENCES.get(status, SENTENCES[400])), errors)


def answer_unreadable(error: Exception) -> ResponseReturnValue:
    """What no column takes (a NUL, a number out of its range) and what nests too deep to be read:
    somebody's input, logged all the same.
    """
    del error
    log.exception("request.unreadable", endpoint=request.endpoint)
    return answer_portal_error(Invalid("unreadable", SENTENCES[400]))


def answer_overload(error: Exception) -> ResponseReturnValue:
    """The database does not answer in time. The page that says so is a stranger's: to ask who is
    there would be to ask the database again.
    """
    del error
    log.exception("request.overload", endpoint=request.endpoint)
    g._login_user = AnonymousUserMixin()
    return answer_portal_error(Unavailable("overload", SENTENCES[503]))


def answer_crash(error: Exception) -> ResponseReturnValue:
    """A defect of ours: logged with its trace, shown without it."""
    log.exception("request.crashed", endpoint=request.endpoint)
    if wants_oauth_error():
        return oauth_error(500)
    if wants_problem():
        return problem(500, "internal", gettext(SENTENCES[500]), [])
    return error_page(500, gettext(SENTENCES[500]))


def error_page(status: int, sentence: str) -> ResponseReturnValue:
    """The page a person sees; from it a form that came too early may be sent again."""
    again = _kept() if status in SENT_AGAIN else None
    page = render_template(
        "shell/error.html", status=status, sentence=sentence, stale=False, again=again
    )
    return page, status


def _kept() -> dict[str, object] | None:
    """What a form of one of our pages held, and where it goes; None where a page may not carry
    all of it on. Another party's is not carried on: that would lend it our token.
    """
    if request.method != "POST" or request.endpoint is None or not _from_here() or request.files:
        return None
    held = [(name, value) for name, value in request.form.items(multi=True) if name != CSRF_FIELD]
    if not held or any(name in NOT_KEPT for name, _ in held):
        return None
    return {"fields": held, "action": request.full_path.rstrip("?")}


def _from_here() -> bool:
    """Whether a page of ours sent this request, as its browser says."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == request.host_url.rstrip("/")


def flatten(detail: Any) -> list[tuple[str, str, str]]:
    """APIFlask's {place: {field: [sentences]}} as (place, field, sentence) rows."""
    rows: list[tuple[str, str, str]] = []
    for place, fields in (detail or {}).items():
        items = fields.items() if isinstance(fields, dict) else [("", fields)]
        for field, sentences in items:
            texts = sentences if isinstance(sentences, list) else [sentences]
            rows += [(place, str(field), str(text)) for text in texts]
    return rows


def _code(status: int) -> str:
    return {404: NotFound.default_code, 422: "invalid", 401: "sign_in_required"}.get(
        status, f"http_{status}"
    )


def _return_path() -> str:
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def install(app: APIFlask) -> None:
    """Register the map; called once by the factory."""
    # First, as it also takes over what Werkzeug refuses, for which people are due a page. The
    # cast: it asks for Flask's narrower type.
    app.error_processor(cast(Any, answer_invalid_request))
    app.register_error_handler(PortalError, answer_portal_error)
    app.register_error_handler(TooMany, answer_too_many)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(CSRFError, answer_stale_form)
    for unreadable in (DataError, RecursionError):
        app.register_error_handler(unreadable, answer_unreadable)
    for overload in (OperationalError, NoConnection):
        app.register_error_handler(overload, answer_overload)
    app.register_error_handler(Exception, answer_crash)
