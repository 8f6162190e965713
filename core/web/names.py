"""Names in the reader's language: a thing's own English, else what the region calls it."""

from collections.abc import Callable
from typing import TypeAlias, cast

from flask import Flask, current_app

from core.web.languages import english as reads_english

FindEnglish: TypeAlias = Callable[[str], str | None]
FIND = "find_english"


def named(name: str, english: str | None = None) -> str:
    """``name``, or for a reader of English its ``english`` or a generic name's; else as it is.
    Also a template filter: ``{{ team.name|named }}``, ``{{ pack.name|named(pack.name_en) }}``.
    """
    if not reads_english():
        return name
    find = cast(FindEnglish, current_app.extensions[FIND])
    return english or find(name) or name


def install(app: Flask, find_english: FindEnglish) -> None:
    """Register the filter; called once by the factory with the region's English."""
    app.extensions[FIND] = find_english
    app.jinja_env.filters["named"] = named
