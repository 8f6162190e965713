"""News between processes. Whoever changes something announces its topics in the same transaction;
with the commit PostgreSQL tells every process that listens, and that wakes those who watch them.

Only the names of topics travel. Whoever is woken reads for itself what it may. News may be missed
while a connection is lost; with the next one everybody is woken.
"""

import threading
from collections.abc import Callable, Iterable
from types import TracebackType

import psycopg
import structlog
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from core.database import bound, plain_url

CHANNEL = "live"
# How often the listener looks whether anybody watches still, and how long it waits to reconnect.
TICK_SECONDS = 2.0
RECONNECT_SECONDS = 2.0
log = structlog.get_logger()


def announce(session: Session, *topics: str) -> None:
    """Say with this transaction's commit that these have changed. A topic has no spaces in it.

    PostgreSQL lets transactions that announce commit one after the other: not for hot paths.
    """
    session.execute(select(func.pg_notify(CHANNEL, " ".join(topics))))


class Watch:
    """Somebody who waits for news of some topics."""

    def __init__(self, hub: "Hub", topics: Iterable[str]) -> None:
        self.topics = frozenset(topics)
        self._hub = hub
        self._news = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Whether there was news within so many seconds; several since the last call are one."""
        woken = self._news.wait(seconds)
        self._news.clear()
        return woken

    def wake(self) -> None:
        """There is news."""
        self._news.set()

    def close(self) -> None:
        """Watch no longer; again is harmless."""
        self._hub.forget(self)

    def __enter__(self) -> "Watch":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Hub:
    """The watches of this process, at most ``most``, and the one connection that listens for them
    all. It is opened with the first watch and closed soon after the last.
    """

    def __init__(self, most: int, address: Callable[[], str] | None = None) -> None:
        self.most = most
        self._address = address or database_address
        self._watches: set[Watch] = set()
        self._lock = threading.Lock()
        self._listener: threading.Thread | None = None
        self._listening = threading.Event()

    @property
    def watched(self) -> int:
        """How many watch now."""
        return len(self._watches)

    def watch(self, *topics: str) -> Watch | None:
        """Watch these topics; None where as many watch already as may."""
        made = Watch(self, topics)
        with self._lock:
            if len(self._watches) >= self.most:
                return None
            self._watches.add(made)
            if self._listener is None:
                self._listener = threading.Thread(target=self._listen, name="live", daemon=True)
                self._listener.start()
        return made

    def forget(self, watch: Watch) -> None:
        """A watch ends."""
        with self._lock:
            self._watches.discard(watch)

    def wait_until_listening(self, seconds: float) -> bool:
        """Whether the connection stands within so many seconds; news before it does are missed."""
        return self._listening.wait(seconds)

    def _listen(self) -> None:
        while not self._over():
            try:
                self._hear()
            except psycopg.Error:
                log.warning("live.reconnecting")
                threading.Event().wait(RECONNECT_SECONDS)
            finally:
                self._listening.clear()

    def _hear(self) -> None:
        with psycopg.connect(self._address(), autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._listening.set()
            self._wake(None)  # of what happened before
            while self._watches:
                for news in connection.notifies(timeout=TICK_SECONDS):
                    self._wake(set(news.payload.split()))

    def _wake(self, topics: set[str] | None) -> None:
        with self._lock:
            watches = list(self._watches)
        for watch in watches:
            if topics is None or topics & watch.topics:
                watch.wake()

    def _over(self) -> bool:
        """Whether nobody watches; then the next watch starts another listener."""
        with self._lock:
            if not self._watches:
                self._listener = None
            return self._listener is None


def database_address() -> str:
    """Where this process's database is, as psycopg reads it."""
    bind = bound()
    engine = bind if isinstance(bind, Engine) else bind.engine
    return plain_url(engine.url.render_as_string(hide_password=False))
