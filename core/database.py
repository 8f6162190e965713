"""PostgreSQL: the engine, the one commit point, and the column types that all rooms share."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import (
    ARRAY,
    DateTime,
    Engine,
    FromClause,
    LargeBinary,
    MetaData,
    PoolProxiedConnection,
    SmallInteger,
    TableValuedAlias,
    Text,
    Uuid,
    bindparam,
    column,
    create_engine,
    func,
    select,
)
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from core import clock, crypto
from core.ids import new_id

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = Annotated[UUID, mapped_column(Uuid(), primary_key=True, default=new_id)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Created = Annotated[datetime, mapped_column(DateTime(timezone=True), default=clock.now)]

Version = Annotated[int, mapped_column(SmallInteger, default=1, server_default="1")]


class Base(DeclarativeBase):
    """The base of every room's tables."""

    metadata = metadata
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True), str: Text}


class Encrypted(TypeDecorator[str]):
    """Text that is AES-GCM ciphertext in the database; ``context`` binds it to its column."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Encrypt on the way in."""
        return None if value is None else crypto.encrypt(value, self.context)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decrypt on the way out."""
        return None if value is None else crypto.decrypt(bytes(value), self.context)


def given_rows(table: FromClause, *names: str) -> TableValuedAlias:
    """Rows that are given with the statement, one list a column: see ``by_column``. For INSERT …
    SELECT of many rows, where a VALUES of each costs five times as much.
    """
    lists = [bindparam(name, type_=ARRAY(table.c[name].type)) for name in names]
    columns = [column(name, table.c[name].type) for name in names]
    return func.unnest(*lists).table_valued(*columns).render_derived()


def by_column(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The parameters of ``given_rows``."""
    return {name: [row[name] for row in rows] for name in names}


class EncryptedFile(TypeDecorator[bytes]):
    """As ``Encrypted``, for the bytes of a file."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Encrypt on the way in."""
        return None if value is None else crypto.encrypt_bytes(value, self.context)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Decrypt on the way out."""
        return None if value is None else crypto.decrypt_bytes(bytes(value), self.context)


_bind: Engine | Connection | None = None
_before_commit: list[Callable[[Session], None]] = []
_after_rollback: list[Callable[[Session, BaseException], None]] = []


def sqlalchemy_url(url: str) -> str:
    """The same address with the psycopg 3 driver named."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url


def plain_url(url: str) -> str:
    """The same address as libpq and psycopg read it, without SQLAlchemy's driver."""
    scheme, _, rest = url.partition("://")
    return f"postgresql://{rest}" if scheme.startswith("postgres") else url


def make_engine(url: str, pool: int, wait_seconds: int = 10) -> Engine:
    """An engine with a small pool: requests wait in front of it (a hot row is fastest so), and who
    waited so long is sent away.
    """
    return create_engine(
        sqlalchemy_url(url),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,  # an error in the log must not carry personal data
    )


def use(bind: Engine | Connection) -> None:
    """Let ``transaction`` work on this engine (or, in tests, on this connection)."""
    global _bind
    _bind = bind


def bound() -> Engine | Connection:
    """What ``transaction`` works on. Raises RuntimeError before ``use``."""
    if _bind is None:
        raise RuntimeError("the database is not configured: create the app first")
    return _bind


def before_commit(hook: Callable[[Session], None]) -> None:
    """Run ``hook`` in every transaction just before it commits."""
    if hook not in _before_commit:
        _before_commit.append(hook)


def after_rollback(hook: Callable[[Session, BaseException], None]) -> None:
    """Run ``hook`` in a transaction of its own after another was rolled back; its session's
    ``info`` is that of the failed one.
    """
    if hook not in _after_rollback:
        _after_rollback.append(hook)


def _session() -> Session:
    return Session(bound(), expire_on_commit=False, join_transaction_mode="create_savepoint")


@contextmanager
def transaction() -> Iterator[Session]:
    """The one commit point: all of the block, with its audit and events, or nothing.

    Owned by an endpoint, a job or a command; services never commit.
    """
    session = _session()
    try:
        yield session
        for hook in _before_commit:
            hook(session)
        session.commit()
    except BaseException as error:
        session.rollback()
        _report(session, error)
        raise
    finally:
        session.close()


@contextmanager
def reading() -> Iterator[Session]:
    """For a read of one statement that nothing else must agree with: no audit, no events, and
    nothing is kept. Nor is a transaction begun and rolled back around it: those two round trips
    were half of the time of who somebody is, which every request asks.
    """
    bind = bound()
    if isinstance(bind, Connection):
        with _session() as session:
            yield session
        return
    with bind.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        with Session(connection, expire_on_commit=False) as session:
            yield session


@contextmanager
def at_once() -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """For the few statements that thousands send within a minute, each a transaction of its own:
    psycopg's connection, rows as dicts, no audit and no events. Raises OperationalError.
    """
    bind = bound()
    if isinstance(bind, Connection):
        with bind.begin_nested(), _by_name(bind.connection) as connection:
            yield connection
        return
    pooled = bind.raw_connection()
    try:
        with _by_name(pooled) as connection:
            connection.autocommit = True
            try:
                yield connection
            finally:
                if not connection.closed:
                    connection.autocommit = False
    except psycopg.OperationalError as error:
        # As SQLAlchemy would say it, so that whoever asked hears that we are busy.
        if pooled.driver_connection is None or pooled.driver_connection.closed:
            pooled.invalidate(error)
        raise OperationalError(None, None, error) from error
    finally:
        pooled.close()


@contextmanager
def _by_name(pooled: PoolProxiedConnection) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    connection: Any = pooled.driver_connection
    before = connection.row_factory
    connection.row_factory = dict_row
    try:
        yield connection
    finally:
        connection.row_factory = before


@contextmanager
def committing_each() -> Iterator[Session]:
    """A session whose statements commit one by one: for locks that outlive transactions."""
    bind = bound()
    if isinstance(bind, Engine):
        bind = bind.execution_options(isolation_level="AUTOCOMMIT")  # shares the pool
    with Session(bind, expire_on_commit=False) as session:
        yield session


@contextmanager
def alone(name: str) -> Iterator[Session]:
    """For work that one process does at a time, under ``name``; the others wait before the block.
    No transaction is open meanwhile, so an outside party may be called; each statement of the
    session commits by itself.
    """
    lock = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with committing_each() as session:
        session.execute(select(func.pg_advisory_lock(lock)))
        try:
            yield session
        finally:
            session.execute(select(func.pg_advisory_unlock(lock)))


def _report(failed: Session, error: BaseException) -> None:
    """Keep what must outlive the rollback (a refusal's audit) in a transaction of its own."""
    with _session() as session, session.begin():
        session.info.update(failed.info)
        for hook in _after_rollback:
            hook(session, error)
