"""Statements of the hottest paths: built by SQLAlchemy once, sent by psycopg.

What SQLAlchemy does anew for each statement takes three times as long as the statement itself,
and some of these run at the head of every request. Everything else stays with the session.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb
from sqlalchemy import JSON, Engine, Executable, Select, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

# Where a statement is sent: in a session's transaction, or by itself (``core.database.at_once``).
Where: TypeAlias = Session | psycopg.Connection[Any]
Convert: TypeAlias = Callable[[Any], Any]
DIALECT = make_url("postgresql+psycopg://").get_dialect()()
Note: TypeAlias = Callable[[str, Any], None]
_watchers: list[Note] = []


class _Ready(NamedTuple):
    """A statement as psycopg takes it: what is always given, and what is converted on the way."""

    sql: str
    always: Mapping[str, Any]
    given: Mapping[str, Convert]
    read: Mapping[str, Convert]


class Statement:
    """A statement on tables, all of its columns and parameters named; ``columns`` are those that an
    INSERT without values fills, as nothing is made up for the others. Types are as the tables have
    them; a JSON column takes None for NULL. What the ORM holds unwritten is not flushed for it.

    Sent in a session's transaction it fails with SQLAlchemy's errors, else with psycopg's.
    """

    def __init__(self, built: Executable, columns: Sequence[str] | None = None) -> None:
        self._built: Any = built
        self._columns = columns

    def first(self, where: Where, given: Mapping[str, Any]) -> Any:
        """The first row as a named tuple, or None."""
        row = self._sent(where, given).fetchone()
        return row if row is None else self._read(row)

    def rows(self, where: Where, given: Mapping[str, Any]) -> list[Any]:
        """All rows, as named tuples."""
        return [self._read(row) for row in self._sent(where, given).fetchall()]

    def send(self, where: Where, given: Mapping[str, Any]) -> None:
        """For one that gives no rows."""
        self._sent(where, given)

    def _sent(self, where: Where, given: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        ready = self._ready
        parameters = {**ready.always, **given}
        for name, convert in ready.given.items():
            parameters[name] = convert(parameters[name])
        for note in _watchers:
            note(ready.sql, parameters)
        if not isinstance(where, Session):
            return where.cursor(row_factory=namedtuple_row).execute(ready.sql, parameters)
        connection: Any = where.connection().connection.driver_connection
        try:
            sent: psycopg.Cursor[Any] = connection.cursor(row_factory=namedtuple_row)
            return sent.execute(ready.sql, parameters)
        except psycopg.Error as error:
            # As the session would say it, and without what was given.
            raise DBAPIError.instance(None, None, error, psycopg.Error, True) from error

    def _read(self, row: Any) -> Any:
        read = self._ready.read
        if not read:
            return row
        return row._replace(**{name: convert(getattr(row, name)) for name, convert in read.items()})

    @cached_property
    def _ready(self) -> _Ready:
        compiled = self._built.compile(dialect=DIALECT, column_keys=self._columns)
        binds = compiled.binds.items()
        columns = self._built.selected_columns if isinstance(self._built, Select) else ()
        return _Ready(
            sql=str(compiled),
            always={name: bind.value for name, bind in binds if not bind.required},
            given={name: convert for name, bind in binds if (convert := _to_database(bind.type))},
            read={column.name: convert for column in columns if (convert := _read(column.type))},
        )


@contextmanager
def watching(note: Note) -> Iterator[None]:
    """Call ``note`` with each statement that is sent meanwhile, the session's too, and what is
    given with it; for tests and measurements only.
    """

    def note_of_session(bind: object, cursor: object, sql: str, given: Any, *_: object) -> None:
        note(sql, given)

    event.listen(Engine, "before_cursor_execute", note_of_session)
    _watchers.append(note)
    try:
        yield
    finally:
        _watchers.remove(note)
        event.remove(Engine, "before_cursor_execute", note_of_session)


def _to_database(kind: TypeEngine[Any]) -> Convert | None:
    if isinstance(kind, TypeDecorator):
        return lambda value: kind.process_bind_param(value, DIALECT)
    if isinstance(kind, JSON):
        return lambda value: None if value is None else Jsonb(value)
    return None


def _read(kind: TypeEngine[Any]) -> Convert | None:
    if isinstance(kind, TypeDecorator):
        return lambda value: kind.process_result_value(value, DIALECT)
    return None
