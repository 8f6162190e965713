"""Migrations meet data: each step of the foundation is taken with the rows of the steps before in
place, and undone again above them. A later migration brings a test of its own, named after it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.orm import Session

from core import database
from portal.factory import ROOT
from tests import postgres
from tests.conftest import _scratch
from tests.factories.auth import make_account
from tests.factories.directory import make_institution
from tests.factories.residents import make_resident

FOUNDATION = [f"{number:04d}" for number in range(1, 12)]
HERE = Path(__file__).parent


def config(connection: Connection) -> Config:
    made = Config(str(ROOT / "alembic.ini"))
    made.attributes["connection"] = connection
    return made


def rows(connection: Connection) -> dict[str, int]:
    """How many rows each of our tables holds."""
    tables = inspect(connection).get_table_names()
    ours = [name for name in tables if not name.startswith(("procrastinate_", "alembic_"))]
    return {
        name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in ours
    }


@pytest.fixture
def empty() -> Iterator[Engine]:
    """A database without a table."""
    url = postgres.clone(_scratch, "template1", "migrations")
    engine = database.make_engine(url, 2)
    yield engine
    engine.dispose()
    postgres.drop(_scratch, url)


def test_the_foundation_is_built_and_undone_around_data(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        # Made at the head, which is what the factories know, and taken back from there.
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            make_account(session)
            make_institution(session)
            make_resident(session)
            session.commit()
        command.downgrade(config(connection), "0004")
        before = rows(connection)
        assert before["residents_person"] == 1
        assert before["directory_institution"] == 1
        for revision in FOUNDATION[4:]:
            command.upgrade(config(connection), revision)
            assert {name: rows(connection)[name] for name in before} == before, revision
        command.downgrade(config(connection), "0004")
        assert rows(connection) == before


def test_a_migration_after_the_foundation_has_its_test() -> None:
    revisions = {
        file.name.partition("_")[0] for file in (ROOT / "migrations/versions").glob("*.py")
    }
    tested = {file.name.split("_")[1] for file in HERE.glob("test_[0-9]*_*.py")}
    assert revisions - set(FOUNDATION) <= tested
