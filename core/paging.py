"""Cursor pagination: stable under inserts, one statement a page, no total counted."""

import base64
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, tuple_
from sqlalchemy.orm import Session

from core.errors import Invalid
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


class Page(BaseModel, Generic[T]):
    """A part of a list; ``next_cursor`` is None on the last page."""

    items: list[T]
    next_cursor: str | None = None


def read_page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    order: Sequence[Any],
    page: PageQuery,
    *,
    descending: bool = False,
) -> tuple[list[Any], str | None]:
    """One page of ``query`` by the unique, non-null ``order`` columns, which must be selected last.

    Returns the rows and the next cursor. Raises Invalid ``bad_cursor``.
    """
    if page.cursor:
        place = tuple_(*decode(page.cursor, order), types=[column.type for column in order])
        query = query.where(tuple_(*order) < place if descending else tuple_(*order) > place)
    query = query.order_by(*(column.desc() if descending else column for column in order))
    rows = list(session.execute(query.limit(page.limit + 1)))
    if len(rows) <= page.limit:
        return rows, None
    rows = rows[: page.limit]
    return rows, encode(rows[-1][-len(order) :])


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
