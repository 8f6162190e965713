"""What applications call by themselves: metadata, keys, tokens and claims; no cookie is read."""

from dataclasses import replace
from datetime import timedelta

from authlib.oauth2.rfc6750 import InvalidTokenError
from flask import Blueprint, Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from auth.oidc.metadata import metadata
from auth.oidc.provider import Provider, issuer
from auth.queries.actors import actor_of_account
from auth.queries.sso import find_access
from auth.services import sso as services
from auth.services.signing import public_keys
from auth.web.identity import origin
from core.database import transaction
from core.web.access import ANYONE, open_to
from core.web.limits import body_at_most, limited

CACHED = "public, max-age=300"
CHANNEL = "oidc"
FORM_BYTES = 64 * 1024
# Metadata names of the addresses, and the views that answer there.
ADDRESSES = {
    "authorization_endpoint": "sso.authorize",
    "token_endpoint": "oidc.token",
    "userinfo_endpoint": "oidc.userinfo",
    "end_session_endpoint": "sso.end_session",
    "jwks_uri": "oidc.keys",
}

endpoints = Blueprint("oidc", __name__)


@endpoints.get("/.well-known/openid-configuration")
@open_to(ANYONE)
def configuration() -> Response:
    """What we support, and where."""
    paths = {name: url_for(view) for name, view in ADDRESSES.items()}
    return _cached(jsonify(metadata(issuer(), paths)))


@endpoints.get("/.well-known/jwks.json")
@open_to(ANYONE)
def keys() -> Response:
    """The public keys that ID tokens are verified with."""
    with transaction() as session:
        return _cached(jsonify(public_keys(session)))


@endpoints.post("/oauth/token")
@limited(300, timedelta(minutes=5), failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def token() -> Response:
    """A code for an ID token and an access token. Refusals commit too: a code that is used twice
    ends the token it gave.
    """
    with transaction() as session:
        return Provider(session, request.form).exchange()


@endpoints.route("/oauth/userinfo", methods=["GET", "POST"])
@limited(300, timedelta(minutes=5), failures=True)
@body_at_most(FORM_BYTES)
@open_to(ANYONE)
def userinfo() -> ResponseReturnValue:
    """What the person agreed to tell, for an access token in the Authorization header."""
    given = request.authorization
    with transaction() as session:
        access = None
        if given is not None and given.type == "bearer" and given.token:
            access = find_access(session, given.token)
        actor = actor_of_account(session, access.account.id) if access else None
        if access is None or actor is None:
            status, body, headers = InvalidTokenError()()
            return body, status, headers
        where = origin(CHANNEL)
        actor = replace(actor, channel=CHANNEL, address=where.address, request_id=where.request_id)
        return services.read_claims(session, access, actor)


def _cached(response: Response) -> Response:
    response.headers["Cache-Control"] = CACHED
    return response
