"""The tests' PostgreSQL: one embedded server a worker, a template built by the real migrations."""

from itertools import count
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql

from core import database
from portal import embedded

_numbers = count(1)
ROOT = Path(__file__).resolve().parent.parent


def build_template(scratch: Path) -> str:
    """Migrate a fresh database to the head; returns its name."""
    name = "template_kangqiao"
    engine = database.make_engine(embedded.start(scratch, name), 1)
    with engine.begin() as connection:
        migrate(connection)
    engine.dispose()
    return name


def migrate(connection: object, revision: str = "head") -> None:
    """Upgrade this connection's database."""
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def clone(scratch: Path, template: str, purpose: str) -> str:
    """A new database made from the template; returns its address."""
    admin = embedded.start(scratch, "postgres")
    name = f"{purpose}_{next(_numbers)}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return embedded.start(scratch, name)


def drop(scratch: Path, url: str) -> None:
    """Remove a clone."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(embedded.start(scratch, "postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(str(name)))
        )
