"""What applications call by themselves: metadata, keys, tokens and claims; no cookie is read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6750 import InvalidTokenError
from flask import Blueprint, Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from auth.oidc.application import (
    ALL_METHODS,
    CONFIDENTIAL_METHODS,
    PUBLIC_METHOD,
    Application,
)
from auth.oidc.metadata import metadata
from auth.oidc.provider import CHANNEL, Provider, issuer
from auth.queries.introspection import introspect
from auth.queries.sso import find_access
from auth.schemas.sso import GrantType, Scope
from auth.services.device import begin_device
from auth.services.limits import count_requests
from auth.services.par import LIFETIME as PUSHED_LIFETIME
from auth.services.par import Pushed, push_request
from auth.services.revocation import revoke_token
from auth.services.signing import public_keys
from auth.services.userinfo import read_claims
from auth.web.identity import origin
from auth.web.sso.sharing import share
from core.database import transaction
from core.errors import TooMany
from core.ids import new_id
from core.web.access import MACHINES, open_to
from core.web.limits import By, body_at_most, limited, no_refusal

# How the application shows who it is does not belong to what it asks for.
NOT_PUSHED = ("client_id", "client_secret", "client_assertion", "client_assertion_type")
CACHED = "public, max-age=300"
FORM_BYTES = 64 * 1024
# What each application may have refused at an address.
REFUSALS, WITHIN = 300, timedelta(minutes=5)
# What is written before anybody has signed in is counted whether refused or not: the name of a
# public application, which everybody knows, is all that it takes.
PUSHES, PUBLIC_PUSHES, REQUEST_BYTES = 3000, 60, 16 * 1024
DEVICES, DEVICE_BYTES = 120, 4 * 1024
# A device that waits is told so by what looks like a refusal (RFC 8628, 3.5).
WAITING = ("authorization_pending", "slow_down")
# Metadata names of the addresses, and the views that answer there.
ADDRESSES = {
    "authorization_endpoint": "sso.authorize",
    "token_endpoint": "oidc.token",
    "userinfo_endpoint": "oidc.userinfo",
    "end_session_endpoint": "sign_out.end",
    "jwks_uri": "oidc.keys",
    "pushed_authorization_request_endpoint": "oidc.push",
    "device_authorization_endpoint": "oidc.device_authorization",
    "introspection_endpoint": "oidc.introspection",
    "revocation_endpoint": "oidc.revocation",
}

endpoints = Blueprint("oidc", __name__)
endpoints.after_request(share)


@endpoints.get("/.well-known/openid-configuration")
@open_to(MACHINES)
def configuration() -> Response:
    """What we support, and where."""
    paths = {name: url_for(view) for name, view in ADDRESSES.items()}
    return _cached(jsonify(metadata(issuer(), paths)))


@endpoints.get("/.well-known/jwks.json")
@open_to(MACHINES)
def keys() -> Response:
    """The public keys that ID tokens are verified with."""
    with transaction() as session:
        return _cached(jsonify(public_keys(session)))


@endpoints.post("/oauth/token")
@limited(REFUSALS, WITHIN, By.APPLICATION, failures=True)
@body_at_most(FORM_BYTES)
@open_to(MACHINES)
def token() -> Response:
    """A code for an ID token and an access token. Refusals commit too: a code that is used twice
    ends the token it gave.
    """
    with transaction() as session:
        answer: Response = Provider(session, request.form).exchange()
    refused = answer.get_json() if answer.status_code == HTTPStatus.BAD_REQUEST else {}
    if refused.get("error") in WAITING:
        no_refusal()
    return answer


@endpoints.post("/oauth/par")
@limited(PUSHES, WITHIN, By.APPLICATION)
@body_at_most(REQUEST_BYTES)
@open_to(MACHINES)
def push() -> Response:
    """Keep an authorization request for a minute (RFC 9126)."""
    return _answer(_push)


@endpoints.post("/oauth/device")
@limited(DEVICES, WITHIN, By.APPLICATION)
@body_at_most(DEVICE_BYTES)
@open_to(MACHINES)
def device_authorization() -> Response:
    """The codes with which a device waits for somebody to let it in (RFC 8628)."""
    return _answer(_begin_device)


@endpoints.post("/oauth/introspect")
@limited(REFUSALS, WITHIN, By.APPLICATION, failures=True)
@body_at_most(FORM_BYTES)
@open_to(MACHINES)
def introspection() -> Response:
    """What a token stands for, for its owner and for the service it is shown to (RFC 7662)."""
    return _answer(_introspect, CONFIDENTIAL_METHODS)


@endpoints.post("/oauth/revoke")
@limited(REFUSALS, WITHIN, By.APPLICATION, failures=True)
@body_at_most(FORM_BYTES)
@open_to(MACHINES)
def revocation() -> Response:
    """End a token (RFC 7009)."""
    return _answer(_revoke)


@endpoints.route("/oauth/userinfo", methods=["GET", "POST"])
@limited(REFUSALS, WITHIN, By.APPLICATION, failures=True)
@body_at_most(FORM_BYTES)
@open_to(MACHINES)
def userinfo() -> ResponseReturnValue:
    """What the person agreed to tell, for an access token in the Authorization header."""
    given = request.authorization
    with transaction() as session:
        access = None
        if given is not None and given.type == "bearer" and given.token:
            access = find_access(session, given.token)
        if access is None:
            status, body, headers = InvalidTokenError()()
            return body, status, headers
        where = origin(CHANNEL)
        actor = replace(
            access.actor, channel=CHANNEL, address=where.address, request_id=where.request_id
        )
        return read_claims(session, access, actor)


def _answer(
    work: Callable[[Provider, Application], tuple[int, dict[str, Any]]],
    methods: Sequence[str] = ALL_METHODS,
) -> Response:
    """``work`` for the application that calls. Refusals commit, as an assertion is used up."""
    with transaction() as session:
        provider = Provider(session, request.form)
        try:
            status, body = work(provider, provider.authenticated(methods))
        except OAuth2Error as error:
            error.redirect_uri = None  # the application is the caller, not a browser
            answer: Response = provider.handle_error_response(None, error)
            return answer
    response = jsonify(body)
    response.status_code = status
    return response


def _push(provider: Provider, client: Application) -> tuple[int, dict[str, Any]]:
    if request.form.get("client_id", client.client_id) != client.client_id:
        raise InvalidRequestError("'client_id' is another one than the caller's.")
    if client.check_endpoint_auth_method(PUBLIC_METHOD, "pushed"):
        whose = f"{origin(CHANNEL).network} {client.client_id}"
        if wait := count_requests(provider.session, "pushed", whose, PUBLIC_PUSHES, WITHIN):
            raise TooMany(retry_after=wait)
    given = request.form.items(multi=True)
    kept = [(name, value) for name, value in given if name not in NOT_PUSHED]
    pushed = Pushed(new_id(), [*kept, ("client_id", client.client_id)])
    Provider(provider.session, request.form, pushed).check_authorization_request()
    uri = push_request(provider.session, client.client_id, pushed)
    return 201, {"request_uri": uri, "expires_in": int(PUSHED_LIFETIME.total_seconds())}


def _begin_device(provider: Provider, client: Application) -> tuple[int, dict[str, Any]]:
    if not client.check_grant_type(GrantType.DEVICE):
        raise UnauthorizedClientError("The client is not registered for devices.")
    scope = client.get_allowed_scope(request.form.get("scope", Scope.OPENID))
    if scope is None:
        raise InvalidScopeError()
    codes = begin_device(provider.session, client.client_id, scope)
    page = issuer() + url_for("device.enter")
    complete = issuer() + url_for("device.enter", user_code=codes.user_code)
    pages = {"verification_uri": page, "verification_uri_complete": complete}
    return 200, codes.model_dump() | pages


def _introspect(provider: Provider, client: Application) -> tuple[int, dict[str, Any]]:
    return 200, introspect(provider.session, client.row, _token())


def _revoke(provider: Provider, client: Application) -> tuple[int, dict[str, Any]]:
    revoke_token(provider.session, client.client_id, _token())
    return 200, {}


def _token() -> str:
    given: str | None = request.form.get("token")
    if not given:
        raise InvalidRequestError("Missing 'token' in request.")
    return given


def _cached(response: Response) -> Response:
    response.headers["Cache-Control"] = CACHED
    return response
