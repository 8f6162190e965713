"""What every test can ask for: the app on a real PostgreSQL, one rolled-back transaction a test."""

import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

os.environ["ENVIRONMENT"] = "test"
_scratch = Path(tempfile.mkdtemp(prefix="kangqiao-test-"))
os.environ["INSTANCE_DIR"] = str(_scratch)
os.environ["SECRET_KEY"] = "test-secret-key-of-more-than-32-characters"
os.environ["DATA_KEY"] = "test-data-key-of-more-than-32-characters!"

import hypothesis  # noqa: E402
import pytest  # noqa: E402
from apiflask import APIFlask  # noqa: E402
from flask.testing import FlaskClient  # noqa: E402
from sqlalchemy import Connection, Engine  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

from core import database, jobs  # noqa: E402
from core.settings import LOOPBACK, settings  # noqa: E402
from core.statements import watching  # noqa: E402
from tests import postgres  # noqa: E402
from tests.scheduling import BySharing  # noqa: E402

# A gate answers the same twice; ``pytest --hypothesis-profile explore`` looks for new examples.
hypothesis.settings.register_profile("gate", derandomize=True, deadline=None)
hypothesis.settings.register_profile("explore", deadline=None)
hypothesis.settings.load_profile("gate")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BySharing:
    """How tests are dealt to the workers."""
    return BySharing(config, log)


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """No test may speak to the outside."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            raise OSError(f"a test tried to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session")
def template() -> str:
    """The name of a database built by the real migrations, to be cloned."""
    return postgres.build_template(_scratch)


@pytest.fixture(scope="session")
def engine(template: str) -> Iterator[Engine]:
    """This worker's own clone of the template."""
    url = postgres.clone(_scratch, template, "worker")
    engine = database.make_engine(url, 8)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def app(engine: Engine) -> APIFlask:
    """The portal as production composes it."""
    from portal.factory import create_app

    chosen = settings().model_copy(
        update={"database_url": engine.url.render_as_string(hide_password=False)}
    )
    app = create_app(chosen)
    app.config["TESTING"] = True
    app.config["WTF_CSRF_ENABLED"] = False  # a test of its own turns it on
    return app


@pytest.fixture
def connection(app: APIFlask, engine: Engine) -> Iterator[Connection]:
    """One connection whose outer transaction is rolled back; ``transaction()`` joins it."""
    with engine.connect() as connection:
        outer = connection.begin()
        before = database.bound()
        database.use(connection)
        yield connection
        database.use(before)
        outer.rollback()


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """A session for arranging and for looking; flush or commit as you like, nothing stays."""
    with Session(
        connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
    ) as session:
        yield session


@pytest.fixture
def committed_database(app: APIFlask, template: str) -> Iterator[Engine]:
    """An own database with real commits, for tests with several connections at once."""
    url = postgres.clone(_scratch, template, "committed")
    # No gate stands before the crowds of these tests, and the machine has other work.
    engine = database.make_engine(url, 16, wait_seconds=60)
    before = database.bound()
    database.use(engine)
    yield engine
    database.use(before)
    engine.dispose()
    postgres.drop(_scratch, url)


@pytest.fixture
def client(app: APIFlask, request: pytest.FixtureRequest) -> FlaskClient:
    """A browser without a session (or an API caller)."""
    if "committed_database" not in request.fixturenames:
        request.getfixturevalue("session")
    return app.test_client()


@pytest.fixture
def signed_in(app: APIFlask) -> Callable[[UUID], FlaskClient]:
    """A function: account id → a browser that is signed in as it."""
    from tests.factories.auth import open_browser_session

    def browser(account_id: UUID) -> FlaskClient:
        client = app.test_client()
        with database.transaction() as session:
            token = open_browser_session(session, account_id)
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
        return client

    return browser


@pytest.fixture
def bearer() -> Callable[[UUID], dict[str, str]]:
    """A function: account id → the headers of an API caller with its token."""
    from tests.factories.auth import make_token

    def headers(account_id: UUID) -> dict[str, str]:
        with database.transaction() as session:
            return {"Authorization": f"Bearer {make_token(session, account_id)}"}

    return headers


@pytest.fixture
def run_jobs() -> Callable[[], int]:
    """A function that runs what was queued, as the worker would; returns how many jobs."""
    return jobs_drained


def jobs_drained() -> int:
    """Run queued jobs until none is left."""
    from sqlalchemy import text

    done = 0
    while True:
        with database.transaction() as session:
            row = session.execute(
                text(
                    "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = (SELECT id FROM"
                    " procrastinate_jobs WHERE status = 'todo' ORDER BY id LIMIT 1)"
                    " RETURNING id, task_name, args"
                )
            ).one_or_none()
        if row is None:
            return done
        jobs.app.tasks[row.task_name](**row.args)
        done += 1


@pytest.fixture
def count_statements(app: APIFlask) -> Callable[[], object]:
    """A context manager that counts the SQL statements inside it."""

    class Counter:
        statements: list[str]

        def __init__(self) -> None:
            self.statements = []

        def __len__(self) -> int:
            return len(self.statements)

    @contextmanager
    def counting() -> Iterator[Counter]:
        counter = Counter()

        def note(statement: str, given: object) -> None:
            if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
                counter.statements.append(statement)

        with watching(note):
            yield counter

    return counting
