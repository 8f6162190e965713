"""The search of a list: what was typed, and how it is compared."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, or_

from core.paging import PageQuery

SearchText = Annotated[str | None, Field(max_length=60, pattern=r"^[^\x00]*$")]


class SearchQuery(PageQuery):
    """Which part of a list is asked for, of all rows or of those that ``search`` finds."""

    search: SearchText = None


def contains(column: Any, text: str) -> ColumnElement[bool]:
    """A substring search in which the person's % and _ mean themselves."""
    found: ColumnElement[bool] = column.icontains(text, autoescape=True)
    return found


def any_contains(text: str, *columns: Any) -> ColumnElement[bool]:
    """The condition that one of the columns contains ``text``."""
    return or_(*(contains(column, text) for column in columns))
