"""What the provider answers to scripts of other sites (CORS; Fetch, 3.2): metadata and keys to any,
tokens and claims to those of registered public applications. Never with cookies: none is read.
"""

from http import HTTPStatus

from flask import Response, request

from auth.queries.sso import is_public_origin
from core.database import at_once

OPEN = ("oidc.configuration", "oidc.keys")
FOR_APPLICATIONS = ("oidc.token", "oidc.userinfo", "oidc.revocation")
# What a browser asks ahead of a call is good for ten minutes.
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}


def share(response: Response) -> Response:
    """Say which site's script may read the answer."""
    asking = request.headers.get("Origin")
    if request.endpoint in OPEN:
        response.headers["Access-Control-Allow-Origin"] = "*"
    elif asking and request.endpoint in FOR_APPLICATIONS and not _failed(response):
        response.vary.add("Origin")
        with at_once() as connection:
            if not is_public_origin(connection, asking):
                return response
        response.headers["Access-Control-Allow-Origin"] = asking
        response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate, Retry-After"
    else:
        return response
    if request.method == "OPTIONS":
        response.headers.update(PREFLIGHT)
    return response


def _failed(response: Response) -> bool:
    """Whether the database may be what is not there to be asked."""
    return response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
