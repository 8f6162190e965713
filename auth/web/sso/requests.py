"""An authorization request on its way through the pages: in the address, or pushed ahead."""

from authlib.oidc.core.errors import InvalidRequestURIError
from flask import request
from flask import session as cookie
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from auth.oidc.provider import Provider
from auth.queries.sso import find_client
from auth.services.par import PREFIX, find_parameter, open_request

# The pushed requests that this browser has opened, newest last.
OPENED = "sso_opened"
MOST_OPENED = 3


def provider_of_request(session: Session) -> Provider:
    """The provider for what the address asks. Raises InvalidRequestURIError for a pushed request
    that this browser cannot use (any more).
    """
    uri = request.args.get("request_uri", "")
    if not uri.startswith(PREFIX):
        return Provider(session, request.args)
    opened: list[str] = cookie.get(OPENED, [])
    client_id = request.args.get("client_id", "")
    known = client_id.isprintable() and uri.isprintable()
    pushed = open_request(session, client_id, uri, again=uri in opened) if known else None
    if pushed is None:
        raise InvalidRequestURIError()
    if uri not in opened:
        cookie[OPENED] = [*opened, uri][-MOST_OPENED:]
    return Provider(session, request.args, pushed)


def asked_redirect_uri(session: Session, asked: MultiDict[str, str]) -> str | None:
    """The registered redirect URI of the request with this query, else None."""
    client_id, uri = asked.get("client_id", ""), asked.get("request_uri", "")
    if not client_id.isprintable() or not uri.isprintable():
        return None
    client = find_client(session, client_id)
    if client is None:
        return None
    address = (
        find_parameter(session, uri, "redirect_uri")
        if uri.startswith(PREFIX)
        else asked.get("redirect_uri")
    )
    return address if address in client.redirect_uris else None
