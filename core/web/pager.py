"""Paging as pages draw it."""

from dataclasses import dataclass
from typing import Any

from flask import request

from core.paging import Page
from core.web.redirects import this_address


@dataclass(frozen=True, slots=True)
class Pager:
    """Links around the shown part of a list; None where there is nowhere to go."""

    next_url: str | None
    first_url: str | None


def pager(page: Page[Any]) -> Pager:
    """The links of the current address with another cursor."""
    return Pager(
        next_url=this_address(cursor=page.next_cursor) if page.next_cursor else None,
        first_url=this_address(cursor=None) if request.args.get("cursor") else None,
    )
