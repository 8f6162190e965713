"""Paging as pages draw it."""

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from core.paging import Page


@dataclass(frozen=True, slots=True)
class Pager:
    """Links around the shown part of a list; None where there is nowhere to go."""

    next_url: str | None
    first_url: str | None


def pager(page: Page[Any]) -> Pager:
    """The links of the current address with another cursor."""
    return Pager(
        next_url=_address(page.next_cursor) if page.next_cursor else None,
        first_url=_address(None) if request.args.get("cursor") else None,
    )


def _address(cursor: str | None) -> str:
    query: dict[str, Any] = {**(request.view_args or {}), **request.args.to_dict()}
    query.pop("cursor", None)
    if cursor:
        query["cursor"] = cursor
    return url_for(str(request.endpoint), **query)
