"""Where a page may send the browser next."""

from flask import request, url_for


def safe_path(target: str | None) -> str:
    """``target`` if it is a path of ours, else home; never another site."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")):
        return target if target.isprintable() else url_for("portal.home")
    return url_for("portal.home")


def next_path() -> str:
    """Where the person wanted to go, from the form or the address."""
    return safe_path(request.form.get("next") or request.args.get("next"))
