"""The provider's pages and endpoints: authorization code with PKCE, for one application."""

import base64
import hashlib
import hmac
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast
from urllib.parse import unquote_plus, urlencode

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from standins.callers import Refused, read_body, refusal
from standins.config import StandinConfig
from standins.language import translate
from standins.memory import Bounded
from standins.upstream.switches import Algorithm, Mode, Switch
from standins.upstream.tokens import ELSEWHERE, Grant, Person, id_token, public_keys

EXTENSION = "standins.upstream"
SLOW_SECONDS = 20
DRIP_SECONDS = 0.5
TOO_MUCH = 1024 * 1024
PEOPLE = (
    Person("45090012", "韦示例"),
    Person("45090034", "黄示例", roles=("desk",), amr=("pwd", "otp")),
    Person("45090056", "梁示例", roles=("statistics",), acr="urn:example:loa:3", amr=("hwk",)),
)

blueprint = Blueprint("upstream", __name__, url_prefix="/upstream")
blueprint.register_error_handler(Refused, refusal)


class Provider:
    """Who it is to misbehave as, and the codes and tokens it gave."""

    def __init__(self, config: StandinConfig) -> None:
        self.config = config
        self.switch = Switch()
        self._lock = threading.Lock()
        self._codes: Bounded[str, Grant] = Bounded(config.kept)
        self._tokens: Bounded[str, Person] = Bounded(config.kept)

    def give_code(self, grant: Grant) -> str:
        """A code for the browser."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = grant
        return code

    def take_code(self, code: str) -> Grant | None:
        """What a code stands for, once."""
        with self._lock:
            return self._codes.pop(code, None)

    def give_token(self, person: Person) -> str:
        """An access token."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._tokens[token] = person
        return token

    def person_of(self, token: str) -> Person | None:
        """Whose an access token is."""
        with self._lock:
            return self._tokens.get(token)

    def knows(self, redirect_uri: str) -> bool:
        """Whether an address is the portal's."""
        return redirect_uri.startswith(f"{self.config.portal_url}/auth/upstream/")


def _provider() -> Provider:
    return cast(Provider, current_app.extensions[EXTENSION])


def _issuer() -> str:
    return request.url_root + "upstream"


@blueprint.put("/switch")
def switch() -> Response:
    """Misbehave from now on as told. A page of the open web cannot: it may not send PUT here."""
    _provider().switch = read_body(Switch)
    return jsonify(_provider().switch.model_dump())


@blueprint.get("/.well-known/openid-configuration")
def discovery() -> ResponseReturnValue:
    """The provider's metadata."""
    mode = _provider().switch.mode
    trouble = _trouble(mode)
    if trouble is not None:
        return trouble
    issuer = _issuer()
    found: dict[str, Any] = {
        "issuer": ELSEWHERE if mode is Mode.OTHER_METADATA else issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm.value for algorithm in Algorithm],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    if mode is Mode.OPEN_METADATA:
        found["token_endpoint"] = "http://elsewhere.example/token"
    if mode is Mode.BROKEN_ENDPOINT:
        found["jwks_uri"] = "https://[bad"
    if mode is Mode.STRANGE_ENDPOINT:
        found["authorization_endpoint"] += "/\ud800"
    return jsonify(found)


@blueprint.get("/jwks")
def keys() -> Response:
    """The public keys."""
    return jsonify(public_keys(_provider().switch))


@blueprint.get("/authorize")
def authorize() -> ResponseReturnValue:
    """Ask who is there."""
    asked = request.args
    right = (
        asked.get("client_id") == _provider().config.upstream_client_id
        and asked.get("response_type") == "code"
        and asked.get("code_challenge_method") == "S256"
        and _provider().knows(asked.get("redirect_uri", ""))
    )
    if not right:
        return _unknown_application(), 400
    return render_template("standins/upstream.html", people=PEOPLE, asked=asked)


@blueprint.post("/authorize")
def decide() -> ResponseReturnValue:
    """Somebody was chosen, or nobody; the request is in the address, as it came."""
    provider, asked = _provider(), request.args
    address = asked.get("redirect_uri", "")
    if not provider.knows(address):
        return _unknown_application(), 400
    person = next((each for each in PEOPLE if each.sub == request.form.get("person")), None)
    back = {"state": asked.get("state", ""), "iss": _issuer()}
    if provider.switch.mode is Mode.MIXED_UP:
        back["iss"] = ELSEWHERE
    if provider.switch.mode is Mode.NO_ISSUER_NAMED:
        back.pop("iss")
    if person is None:
        back["error"] = "access_denied"
    else:
        back["code"] = provider.give_code(
            Grant(
                person=person,
                client_id=asked.get("client_id", ""),
                redirect_uri=address,
                nonce=asked.get("nonce"),
                challenge=asked.get("code_challenge", ""),
                anew=asked.get("prompt") == "login" and "max_age" in asked,
            )
        )
    return redirect(f"{address}?{urlencode(back)}", 303)


@blueprint.post("/token")
def token() -> ResponseReturnValue:
    """A code for an ID token and an access token."""
    provider = _provider()
    if not _is_client(provider.config):
        return jsonify(error="invalid_client"), 401
    grant = provider.take_code(request.form.get("code", ""))
    digest = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if (
        grant is None
        or grant.challenge != challenge
        or grant.redirect_uri != request.form.get("redirect_uri")
        or provider.switch.mode is Mode.REFUSES_CODE
    ):
        return jsonify(error="invalid_grant"), 400
    access_token = provider.give_token(grant.person)
    if provider.switch.mode is Mode.STRANGE_ACCESS_TOKEN:
        access_token = "令牌"
    answer = {"access_token": access_token, "token_type": "Bearer", "expires_in": 300}
    if provider.switch.mode is Mode.NO_JWT:
        answer["id_token"] = "not.a"
    elif provider.switch.mode is not Mode.NO_ID_TOKEN:
        answer["id_token"] = id_token(provider.switch, _issuer(), grant, access_token)
    return jsonify(answer)


@blueprint.get("/userinfo")
def userinfo() -> ResponseReturnValue:
    """What the provider tells of the person."""
    given = request.authorization
    person = _provider().person_of(given.token or "") if given and given.type == "bearer" else None
    if person is None:
        return jsonify(error="invalid_token"), 401
    other = _provider().switch.mode is Mode.OTHER_USERINFO
    sub = "somebody-else" if other else person.sub
    return jsonify(sub=sub, name=person.name, roles=list(person.roles))


def _is_client(config: StandinConfig) -> bool:
    """The secret by HTTP Basic; a public client has none."""
    if not config.upstream_client_secret:
        return request.form.get("client_id") == config.upstream_client_id
    given = request.authorization
    if given is None or given.type != "basic":
        return False
    # RFC 6749, 2.3.1: both are form-encoded within Basic.
    shown = f"{unquote_plus(given.username or '')}:{unquote_plus(given.password or '')}"
    expected = f"{config.upstream_client_id}:{config.upstream_client_secret}"
    return hmac.compare_digest(shown.encode(), expected.encode())


def _trouble(mode: Mode) -> ResponseReturnValue | None:
    """What discovery suffers from, if from anything."""
    if mode is Mode.SLOW:
        time.sleep(SLOW_SECONDS)
    if mode is Mode.FAILING:
        return jsonify(error="server_error"), 500
    if mode is Mode.GARBAGE:
        return Response("<html>it works</html>", mimetype="application/json")
    if mode is Mode.ENDLESS:
        return Response(b" " * TOO_MUCH, mimetype="application/json")
    if mode is Mode.DRIPPING:
        return Response(_drip(), mimetype="application/json")
    if mode is Mode.DRIPPING_HEADERS:
        _drip_headers(request.environ["werkzeug.socket"])
    if mode is Mode.REDIRECTING:
        return redirect(f"{ELSEWHERE}/metadata")
    return None


def _drip() -> Iterator[bytes]:
    for _ in range(SLOW_SECONDS):
        time.sleep(1)
        yield b" "


def _drip_headers(connection: socket.socket) -> None:
    """Each byte within any timeout of one read, and no end before the caller loses patience."""
    with suppress(OSError):  # the caller did
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for byte in b"X-Slow: " + b"a" * SLOW_SECONDS:
            connection.sendall(bytes([byte]))
            time.sleep(DRIP_SECONDS)


def _unknown_application() -> str:
    return render_template(
        "standins/notice.html",
        title=translate("不认识这个应用"),
        text=translate("请回到门户，重新点击登录。"),
        link=url_for("home"),
        link_text=translate("回到替身首页"),
    )


def install(app: Flask, config: StandinConfig) -> None:
    """Open the provider at ``/upstream``."""
    app.extensions[EXTENSION] = Provider(config)
    app.register_blueprint(blueprint)
