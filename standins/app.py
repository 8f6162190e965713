"""The one application in which all stand-ins live."""

from flask import Flask, Response, render_template
from werkzeug.exceptions import NotFound

from standins import clinic, identity, language, sms
from standins.config import LOOPBACK, StandinConfig
from standins.hospital import pages as hospital_pages
from standins.hospital import system as hospital_system
from standins.language import translate
from standins.schedule import Schedule
from standins.stripe import api, pages, switches
from standins.stripe.account import EXTENSION as STRIPE
from standins.stripe.account import Account
from standins.upstream import provider
from standins.wechat import api as wechat_api
from standins.wechat import pages as wechat_pages
from standins.wechat import switches as wechat_switches
from standins.wechat.platform import EXTENSION as WECHAT
from standins.wechat.platform import Platform

SCHEDULE = "standins.schedule"
LARGEST_BODY = 64 * 1024


def create_app(config: StandinConfig) -> Flask:
    """The stand-ins with fresh, empty state.

    The application answers only to loopback host names, so that no page of the open web can
    reach it through a name of its own.
    """
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=config.session_key,
        # Cookies are shared over ports: neither name nor path may be the portal's.
        SESSION_COOKIE_NAME="clinic_session",
        SESSION_COOKIE_PATH="/clinic",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        TRUSTED_HOSTS=sorted(LOOPBACK),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
    )
    schedule = Schedule()
    app.extensions[SCHEDULE] = schedule
    language.install(app)
    sms.install(app, config)
    identity.install(app, config)
    app.extensions[STRIPE] = Account(config, schedule)
    for blueprint in (api.blueprint, pages.blueprint, switches.blueprint):
        app.register_blueprint(blueprint)
    app.extensions[WECHAT] = Platform(config)
    for module in (wechat_api, wechat_pages, wechat_switches):
        app.register_blueprint(module.blueprint)
    hospital_system.install(app, config, schedule)
    app.register_blueprint(hospital_pages.blueprint)
    clinic.install(app, config)
    provider.install(app, config)
    app.add_url_rule("/", "home", _home)
    app.register_error_handler(NotFound, _not_found)
    _protect(app, config)
    return app


def _home() -> str:
    """What there is to look at."""
    return render_template("standins/home.html")


def _not_found(_error: NotFound) -> tuple[str, int]:
    page = render_template(
        "standins/notice.html",
        title=translate("没有这个页面"),
        text=translate("请检查地址，或从替身首页进入。"),
        link="/",
        link_text=translate("回到替身首页"),
    )
    return page, 404


def _protect(app: Flask, config: StandinConfig) -> None:
    # form-action names the portal too: browsers check it again on the redirect after a form.
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        f"form-action 'self' {config.portal_url}; base-uri 'none'; frame-ancestors 'none'"
    )

    def add_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if response.mimetype != "text/css":
            response.headers["Cache-Control"] = "no-store"
        return response

    app.after_request(add_headers)
