"""A browser checks ``form-action`` again on the redirects after a form. A form here may end at an
application, so its page has to name that application's origin, and no other.
"""

from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from flask import Response, url_for
from werkzeug.datastructures import MultiDict

from auth.web import second_factor, set_up
from auth.web.pages import pages as sign_in_pages
from auth.web.sso.requests import asked_redirect_uri
from core.database import transaction
from core.web.redirects import next_path
from core.web.security import CONTENT_SECURITY_POLICY


def lead_to(response: Response, address: str) -> Response:
    """Let this page's forms end at ``address``, a registered one."""
    parts = urlsplit(address)
    form_action = f"'self' {parts.scheme}://{parts.netloc}"
    policy = CONTENT_SECURITY_POLICY.format(form_action=form_action)
    response.headers["Content-Security-Policy"] = policy
    return response


def let_sign_in_lead_on(response: Response) -> Response:
    """Signing in for an application goes on to it at once where the person agreed before."""
    if (
        response.mimetype != "text/html"
        or response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    ):
        return response  # no page, or one for a form that cannot be read
    address = _asking_address(next_path())
    return lead_to(response, address) if address else response


for on_the_way_in in (sign_in_pages, second_factor.pages, second_factor.step_up, set_up.pages):
    on_the_way_in.after_request(let_sign_in_lead_on)


def _asking_address(path: str) -> str | None:
    """The registered redirect URI of the authorization request that ``path`` is, else None."""
    parts = urlsplit(path)
    if parts.path != url_for("sso.authorize"):
        return None
    with transaction() as session:
        return asked_redirect_uri(session, MultiDict(parse_qsl(parts.query)))
