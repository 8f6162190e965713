"""Cursor pagination: stable under inserts, one statement a page, no total counted."""

import base64
import json
from collections.abc import Sequence
from copy import copy
from datetime import date, datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Select, bindparam, tuple_
from sqlalchemy.orm import Session

from core.audit import note_found
from core.errors import Invalid
from core.finding import people_of
from core.messages import N_

DEFAULT_LIMIT = 20
HIGHEST_LIMIT = 100
LONGEST_CURSOR = 600
T = TypeVar("T")


class PageQuery(BaseModel):
    """Which part of a list is asked for."""

    model_config = ConfigDict(frozen=True)

    cursor: Annotated[str | None, Field(max_length=LONGEST_CURSOR)] = None
    limit: Annotated[int, Field(ge=1, le=HIGHEST_LIMIT)] = DEFAULT_LIMIT

    @property
    def sought(self) -> str | None:
        """The text that somebody is looked for by, if any."""
        text: str | None = getattr(self, "search", None)
        return text


class Page(BaseModel, Generic[T]):
    """A part of a list; ``next_cursor`` is None on the last page."""

    items: list[T]
    next_cursor: str | None = None


class Listing:
    """A list as statements: its first page, and the page behind a cursor.

    ``query`` is read by the unique, non-null ``order`` columns, which must be selected last. A
    list whose values are bound parameters is made once a process: to build a statement costs as
    much as to send it.
    """

    def __init__(
        self,
        query: Select[*tuple[Any, ...]],
        order: Sequence[Any],
        *,
        descending: bool = False,
    ) -> None:
        self._order = order
        self._descending = descending
        sorting = [column.desc() if descending else column for column in order]
        self._first = query.order_by(*sorting).limit(bindparam("page_limit"))

    def where(self, condition: ColumnElement[bool]) -> Self:
        """The same list of fewer rows; what is searched for is built for its request."""
        fewer = copy(self)
        fewer._first = self._first.where(condition)
        return fewer

    def read(
        self, session: Session, page: PageQuery, **values: object
    ) -> tuple[list[Any], str | None]:
        """One page's rows and the next cursor; whom a search shows is told that they were looked
        for. Raises Invalid ``bad_cursor``.
        """
        query = self._behind(page.cursor) if page.cursor else self._first
        people = people_of(query) if page.sought else []
        values = {"page_limit": page.limit + 1, **values}
        # Behind the list's own columns, which are read by name or from the front.
        rows = list(session.execute(query.add_columns(*people), values))
        shown = rows[: page.limit]
        if people:
            note_found(session, [each for row in shown for each in row[-len(people) :]])
        if len(rows) <= page.limit:
            return shown, None
        ends = len(shown[-1]) - len(people)
        return shown, encode(shown[-1][ends - len(self._order) : ends])

    def _behind(self, cursor: str) -> Select[*tuple[Any, ...]]:
        order = self._order
        place = tuple_(*decode(cursor, order), types=[column.type for column in order])
        if self._descending:
            return self._first.where(tuple_(*order) < place)
        return self._first.where(tuple_(*order) > place)


def read_page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    order: Sequence[Any],
    page: PageQuery,
    *,
    descending: bool = False,
) -> tuple[list[Any], str | None]:
    """One page of a list that is built for this request; see ``Listing``."""
    return Listing(query, order, descending=descending).read(session, page)


def encode(values: Sequence[Any]) -> str:
    """An opaque cursor for the order columns of a page's last row."""
    text = json.dumps([str(value) for value in values], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, order: Sequence[Any]) -> list[Any]:
    """The order values of a cursor. Raises Invalid ``bad_cursor`` for anything else."""
    try:
        padded = cursor.encode() + b"=" * (-len(cursor) % 4)
        texts = json.loads(base64.urlsafe_b64decode(padded))
        return [
            _parse(text, column.type.python_type) for text, column in zip(texts, order, strict=True)
        ]
    except (ValueError, TypeError, RecursionError):
        raise Invalid("bad_cursor", N_("翻页位置无效，请从第一页重新查看。")) from None


def _parse(text: object, kind: type) -> Any:
    if not isinstance(text, str) or "\x00" in text:
        raise ValueError("not a text of PostgreSQL")
    text.encode()  # nor is half a surrogate pair; raises ValueError
    if kind in (datetime, date):
        return kind.fromisoformat(text)
    return kind(text)
