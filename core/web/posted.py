"""Requests that another party's page posts here although nothing is to be carried out by them: each
becomes the GET that it could have been (OpenID Connect Core 1.0, 3.1.2.1; RP-Initiated Logout 1.0).
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import abort, current_app, redirect, request
from flask.typing import ResponseReturnValue

FIELD = "own_form_field"
# A request line is 4,094 bytes long at most for most servers, ours too.
LONGEST_ADDRESS = 3900
F = TypeVar("F", bound=Callable[..., Any])


def own_form_has(field: str) -> Callable[[F], F]:
    """Declare the field by which this view's own form is known. A body without it is another
    party's, and comes as a GET; that it may be sent from anywhere harms nobody.
    """

    def mark(view: F) -> F:
        setattr(view, FIELD, field)
        return view

    return mark


def turn() -> ResponseReturnValue | None:
    """Before the token of a form is asked for, which another party's cannot have."""
    view = current_app.view_functions.get(request.endpoint or "")
    field = _declared(view)
    if request.method != "POST" or field is None or field in request.form:
        return None
    given = [*request.args.items(multi=True), *request.form.items(multi=True)]
    address = f"{request.path}?{urlencode(given)}"
    if len(address) > LONGEST_ADDRESS:
        abort(413)
    return redirect(address, 303)


def _declared(view: object) -> str | None:
    while view is not None:
        field: str | None = getattr(view, FIELD, None)
        if field is not None:
            return field
        view = getattr(view, "__wrapped__", None)
    return None
