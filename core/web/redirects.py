"""Where a page may send the browser next, and where it stands itself."""

from urllib.parse import urlencode

from flask import request, url_for


def safe_path(target: str | None) -> str:
    """``target`` if it is a path of ours, else home; never another site."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")):
        return target if target.isprintable() else url_for("portal.home")
    return url_for("portal.home")


def next_path() -> str:
    """Where the person wanted to go, from the form or the address."""
    return safe_path(request.form.get("next") or request.args.get("next"))


def this_address(**changes: str | None) -> str:
    """The address of this page with other query values; None leaves one out.

    The query is written behind the path, never given to ``url_for``: there a name that somebody put
    into a link (``_scheme``, ``endpoint``) would be an argument of its own.
    """
    page = url_for(str(request.endpoint), **(request.view_args or {}))
    kept = [pair for pair in request.args.items(multi=True) if pair[0] not in changes]
    new = [(name, value) for name, value in changes.items() if value is not None]
    query = urlencode([*kept, *new])
    return f"{page}?{query}" if query else page
