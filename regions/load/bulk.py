"""Many rows at once: COPY, and tables without their indexes and foreign keys meanwhile."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql
from sqlalchemy.orm import Session

# What can be taken from a table and given back: foreign keys, unique constraints, plain indexes.
_CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype IN ('f', 'u') ORDER BY contype DESC, conname
"""
_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = %s::regclass AND NOT indisprimary
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid) ORDER BY 1
"""


class Bulk:
    """Writes in the transaction of ``session``, past the ORM."""

    def __init__(self, session: Session) -> None:
        self.session = session
        driver = session.connection().connection.driver_connection
        self._connection = cast("psycopg.Connection[tuple[Any, ...]]", driver)

    def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Append ``rows`` to ``table`` and return how many; what is not named gets its default."""
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        count = 0
        with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
        return count

    def run(self, statement: LiteralString, values: Mapping[str, object] | None = None) -> int:
        """Execute a statement with ``%(named)s`` values; returns how many rows it touched."""
        return self._connection.execute(statement, values).rowcount

    def rows(
        self, query: LiteralString, values: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self._connection.execute(query, values).fetchall()

    def analyze(self, *tables: str) -> None:
        """Let the planner know what is in these tables; in everything without any named."""
        names = sql.SQL(", ").join(map(sql.Identifier, tables))
        self._connection.execute(sql.SQL("ANALYZE {}").format(names))

    @contextmanager
    def bare(self, *tables: str) -> Iterator[None]:
        """Take indexes and foreign keys off ``tables`` and put them back at the end.

        Building an index once is several times faster than keeping it up row by row; putting a
        constraint back checks every row, so nothing that breaks it slips in.
        """
        taken = [statement for table in tables for statement in self._take(table)]
        yield
        for statement in taken:
            self._connection.execute(statement)

    def _take(self, table: str) -> list[sql.Composed]:
        """Drop; returns the statements that bring back."""
        back = []
        name = sql.Identifier(table)
        for constraint, definition in self._connection.execute(_CONSTRAINTS, [table]).fetchall():
            alter = sql.SQL("ALTER TABLE {} {} CONSTRAINT {} ")
            parts = name, sql.Identifier(constraint)
            self._connection.execute(alter.format(parts[0], sql.SQL("DROP"), parts[1]))
            back.append(alter.format(parts[0], sql.SQL("ADD"), parts[1]) + sql.SQL(definition))
        for index, definition in self._connection.execute(_INDEXES, [table]).fetchall():
            self._connection.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(index)))
            back.append(sql.Composed([sql.SQL(definition)]))
        return back
