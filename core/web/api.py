"""How every room's JSON API is made: versioned, bearer tokens, problems documented once."""

from typing import Any

from apiflask import APIBlueprint, HTTPTokenAuth
from pydantic import BaseModel

VERSION = "v1"
bearer = HTTPTokenAuth(scheme="Bearer", description="A token of this portal.")


class Problem(BaseModel):
    """RFC 9457 problem details; ``code`` is stable, ``errors`` names the fields at fault. A refusal
    of rights says which ``action`` was refused, and its stable ``reason``.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] | None = None
    action: str | None = None
    reason: str | None = None


def room_api(name: str, title: str, path: str | None = None) -> APIBlueprint:
    """The API blueprint of a room, mounted under /api/v1/<path>, else its name with dashes."""
    return APIBlueprint(
        f"{name}_api",
        name,
        url_prefix=f"/api/{VERSION}/{path or name.replace('_', '-')}",
        tag=title,
    )


# Given to @api.doc of every view that needs a token.
SECURED: dict[str, Any] = {"security": "BearerAuth"}
