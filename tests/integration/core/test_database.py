"""Statements that are a transaction of their own, on real connections."""

import pytest
from psycopg.errors import UniqueViolation
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from core.database import at_once, reading, transaction


def test_each_statement_keeps_what_it_did_and_leaves_nothing_open(
    committed_database: Engine,
) -> None:
    with at_once() as connection:
        row = connection.execute("SELECT 1 AS one, now() = statement_timestamp() AS own").fetchone()
        assert row == {"one": 1, "own": True}
        connection.execute("CREATE TABLE kept (id int PRIMARY KEY)")
        connection.execute("INSERT INTO kept VALUES (1)")
        with pytest.raises(UniqueViolation):
            connection.execute("INSERT INTO kept VALUES (1)")
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == {"count": 1}
    try:
        # The pool has the connection back as it was: a transaction, and rows as tuples.
        with pytest.raises(RuntimeError), transaction() as session:
            session.execute(text("INSERT INTO kept VALUES (2)"))
            raise RuntimeError
        with reading() as session:
            assert session.execute(text("SELECT count(*) FROM kept")).one() == (1,)
    finally:
        with transaction() as session:
            session.execute(text("DROP TABLE kept"))


def test_a_connection_that_ends_is_said_as_busy_and_not_used_again(
    committed_database: Engine,
) -> None:
    end = "SELECT pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(OperationalError), at_once() as connection:
        connection.execute(end)
    for _ in range(2):
        with at_once() as connection:
            assert connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}
