"""A second application of another vendor, which signs people in with the portal's account.

A relying party of OpenID Connect: authorization code with PKCE, state and nonce, everything
found by discovery; it knows nothing else of the portal.
"""

import secrets
import threading
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client.errors import MismatchingStateError, OAuthError
from authlib.integrations.flask_client import OAuth
from flask import (
    Blueprint,
    Flask,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError

from standins.config import StandinConfig
from standins.language import N_, language, translate
from standins.memory import Bounded

EXTENSION = "standins.clinic"
GUEST = "guest"
TIMEOUT_SECONDS = 10

# What a person wants to know first, in the order of the page; other claims follow by their names.
CLAIM_NAMES = {
    "name": N_("姓名"),
    "gender": N_("性别"),
    "birthdate": N_("出生日期"),
    "phone_number": N_("手机号"),
    "email": N_("邮箱"),
    "sub": N_("门户给本站的编号"),
    "iss": N_("由谁证明"),
}
GENDERS = {"female": N_("女"), "male": N_("男")}
# Claims of the protocol itself, which say nothing about the person.
PROTOCOL_CLAIMS = frozenset(
    {"acr", "amr", "at_hash", "aud", "auth_time", "azp", "c_hash", "exp", "iat", "jti", "nbf"}
    | {"nonce", "sid", "updated_at"}
)

blueprint = Blueprint("clinic", __name__, url_prefix="/clinic")


class Trouble(Enum):
    """Why nobody was signed in: HTTP status, title, and what to do next."""

    PORTAL_DOWN = (
        502,
        N_("暂时连不上健康门户"),
        N_("本站没有出错，您的信息也没有丢失。请过几分钟再登录。"),
    )
    DECLINED = (
        403,
        N_("您没有同意登录"),
        N_("本站没有拿到您的任何信息。想用时，再点一次登录并选择同意。"),
    )
    EXPIRED = (
        400,
        N_("这次登录已经失效"),
        N_("可能等得太久，或在另一个窗口里登录过。请重新登录。"),
    )
    UNTRUSTED = (
        400,
        N_("无法确认是谁在登录"),
        N_("门户的回应没有通过核对，为了您的安全没有登录。请重新登录；如再出现，请联系本站。"),
    )


class SignInFailed(Exception):
    """Nobody is signed in, for this reason."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.name)
        self.trouble = trouble


# Everything that a portal which is down, wrong or hostile can cause; never the visitor's fault.
FAILURES = (
    AuthlibBaseError,
    JoseError,
    requests.RequestException,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
    SignInFailed,
)


@dataclass(frozen=True, slots=True)
class Guest:
    """Who is signed in, as the portal says."""

    claims: dict[str, Any]
    id_token: str


class StateCache:
    """Authlib's cache of sign-ins under way: out of the cookie, which holds only 4 kB."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._entries: Bounded[str, str] = Bounded(limit)

    def get(self, key: str) -> str | None:
        """The stored text."""
        with self._lock:
            return self._entries.get(key)

    def set(self, key: str, value: str, _expires_in: int) -> None:
        """Store; the session entry beside it carries the expiry."""
        with self._lock:
            self._entries[key] = value

    def delete(self, key: str) -> None:
        """Forget."""
        with self._lock:
            self._entries.pop(key, None)


class Clinic:
    """The application's state: its client at the portal and who is signed in."""

    def __init__(self, app: Flask, config: StandinConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._guests: Bounded[str, Guest] = Bounded(config.kept)
        self.portal = OAuth(app, cache=StateCache(config.kept)).register(
            "portal",
            client_id=config.clinic_client_id,
            client_secret=config.clinic_client_secret or None,
            server_metadata_url=f"{config.portal_url}/.well-known/openid-configuration",
            client_kwargs={
                "scope": config.clinic_scope,
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": (
                    "client_secret_basic" if config.clinic_client_secret else "none"
                ),
                "default_timeout": TIMEOUT_SECONDS,
                "trust_env": False,
            },
        )

    def guest(self) -> Guest | None:
        """Whoever this browser is signed in as."""
        with self._lock:
            return self._guests.get(session.get(GUEST, ""))

    def admit(self, guest: Guest) -> None:
        """Sign in under a new session name."""
        name = secrets.token_urlsafe(32)
        session.clear()
        session[GUEST] = name
        with self._lock:
            self._guests[name] = guest

    def dismiss(self) -> Guest | None:
        """Sign out here; gives who it was."""
        with self._lock:
            guest = self._guests.pop(session.get(GUEST, ""), None)
        session.clear()
        return guest

    def discovery(self) -> dict[str, Any]:
        """The portal's metadata. Raises SignInFailed where it speaks for another issuer."""
        found: dict[str, Any] = self.portal.load_server_metadata()
        # OpenID Connect Discovery 1.0, 4.3: the issuer must be the address that was asked.
        if str(found.get("issuer", "")).rstrip("/") != self.config.portal_url:
            found.pop("_loaded_at", None)  # Authlib would keep the wrong answer for good.
            raise SignInFailed(Trouble.UNTRUSTED)
        return found


def _clinic() -> Clinic:
    return cast(Clinic, current_app.extensions[EXTENSION])


@blueprint.get("/")
def home() -> str:
    """The home page: an invitation to sign in, or who is signed in."""
    guest = _clinic().guest()
    rows = [] if guest is None else _rows(guest.claims)
    return render_template("standins/clinic.html", guest=guest, rows=rows)


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Send the browser to the portal."""
    clinic = _clinic()
    try:
        clinic.discovery()
        return cast(
            ResponseReturnValue,
            clinic.portal.authorize_redirect(_redirect_uri(clinic), ui_locales=_locale()),
        )
    except FAILURES as error:
        return _failed(_trouble(error))


@blueprint.get("/callback")
def callback() -> ResponseReturnValue:
    """Where the portal sends the browser back: check everything, then sign in."""
    clinic = _clinic()
    try:
        clinic.admit(_guest(clinic))
    except FAILURES as error:
        return _failed(_trouble(error))
    return redirect(url_for("clinic.home"), 303)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign out here, then at the portal (OpenID Connect RP-Initiated Logout 1.0)."""
    clinic = _clinic()
    guest = clinic.dismiss()
    if guest is None:
        return redirect(url_for("clinic.home"), 303)
    try:
        clinic.discovery()
        answer = clinic.portal.logout_redirect(
            post_logout_redirect_uri=url_for("clinic.signed_out", _external=True),
            id_token_hint=guest.id_token,
            client_id=clinic.config.clinic_client_id,
            ui_locales=_locale(),
        )
    except FAILURES:
        return render_template(
            "standins/notice.html",
            title=translate("已退出本站"),
            text=translate("暂时连不上健康门户，您在门户的登录可能还在。请稍后到门户退出。"),
            link=url_for("clinic.home"),
            link_text=translate("回到首页"),
            clinic=True,
        )
    answer.status_code = 303
    return cast(ResponseReturnValue, answer)


@blueprint.get("/signed-out")
def signed_out() -> ResponseReturnValue:
    """Where the portal sends the browser after signing out."""
    try:
        _clinic().portal.validate_logout_response()
    except OAuthError:
        return redirect(url_for("clinic.home"), 303)
    return render_template(
        "standins/notice.html",
        title=translate("已退出"),
        text=translate("您已退出本站和健康门户。用完公用设备，可以放心离开。"),
        link=url_for("clinic.home"),
        link_text=translate("回到首页"),
        clinic=True,
    )


def _redirect_uri(clinic: Clinic) -> str:
    return clinic.config.clinic_redirect_uri or url_for("clinic.callback", _external=True)


def _locale() -> str:
    return "zh-CN" if language() == "zh" else "en"


def _guest(clinic: Clinic) -> Guest:
    metadata = clinic.discovery()
    _check_issuer(metadata)
    issuer, client_id = metadata["issuer"], clinic.config.clinic_client_id
    token = clinic.portal.authorize_access_token(
        claims_options={
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": client_id},
        }
    )
    claims = token.get("userinfo")
    if not claims:
        raise SignInFailed(Trouble.UNTRUSTED)
    more = clinic.portal.userinfo(token=token) if "userinfo_endpoint" in metadata else claims
    # OpenID Connect Core 1.0, 5.3.2: userinfo of another subject must not be used.
    if more["sub"] != claims["sub"]:
        raise SignInFailed(Trouble.UNTRUSTED)
    return Guest({**more, **claims}, token["id_token"])


def _check_issuer(metadata: dict[str, Any]) -> None:
    """RFC 9207: the answer must come from the issuer that was asked, errors included."""
    given = request.args.get("iss")
    promised = metadata.get("authorization_response_iss_parameter_supported", False)
    if (given is None and promised) or given not in (None, metadata["issuer"]):
        raise SignInFailed(Trouble.UNTRUSTED)


def _trouble(error: Exception) -> Trouble:
    match error:
        case SignInFailed():
            return error.trouble
        case MismatchingStateError():
            return Trouble.EXPIRED
        case AuthlibBaseError(error="access_denied"):
            return Trouble.DECLINED
        case AuthlibBaseError(error="server_error" | "temporarily_unavailable"):
            return Trouble.PORTAL_DOWN
        case requests.RequestException():
            return Trouble.PORTAL_DOWN
    return Trouble.UNTRUSTED


def _failed(trouble: Trouble) -> ResponseReturnValue:
    status, title, text = trouble.value
    page = render_template(
        "standins/notice.html",
        title=translate(title),
        text=translate(text),
        link=url_for("clinic.home"),
        link_text=translate("回到首页"),
        clinic=True,
    )
    return page, status


def _rows(claims: dict[str, Any]) -> list[tuple[str, str]]:
    known = [(translate(label), name) for name, label in CLAIM_NAMES.items() if name in claims]
    others = [(name, name) for name in claims if name not in {*CLAIM_NAMES, *PROTOCOL_CLAIMS}]
    return [(label, _value(name, claims[name])) for label, name in known + others]


def _value(name: str, value: object) -> str:
    if name == "gender" and value in GENDERS:
        return translate(GENDERS[str(value)])
    return str(value)


def install(app: Flask, config: StandinConfig) -> None:
    """Open the application at ``/clinic``."""
    app.extensions[EXTENSION] = Clinic(app, config)
    app.register_blueprint(blueprint)
