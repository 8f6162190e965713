"""Calls to the outside. While somebody there is waited for, the process works on others
(``aside``). Where an address that somebody outside chose leads is looked up once, checked, and
connected to just so: a name that leads elsewhere a moment later (DNS rebinding) gains nothing.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import ContextVar
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from types import TracebackType
from typing import Any, NamedTuple, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3 import ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
)

from core.settings import Environment, settings

# Where a gateway turns IPv6 into IPv4 (RFC 6052); the last four bytes are where it leads.
TRANSLATED = IPv6Network("64:ff9b::/96")
# Of a connection, where the caller names no time.
CONNECT_SECONDS = 5.0
CHUNK = 16 * 1024


class Reach(StrEnum):
    """How far a call may go."""

    # The open network only, over https.
    OPEN = "open"
    # Private networks too, where TLS shows that the right one answers; never this machine, and
    # nothing that answers only there or to its cloud.
    NETWORKS = "networks"
    # Anywhere, http too: the demo's and the tests' outside parties are on this machine.
    ANYWHERE = "anywhere"


class OutOfReach(Exception):
    """The address leads where the call may not go, or is none."""


class Silent(Exception):
    """No answer came whole and in time; the text names the kind of failure."""


class TooLong(Exception):
    """The answer goes on for longer than it may."""


class Answer(NamedTuple):
    """What came back; the body only where it was asked for."""

    status: int
    body: bytes


_aside: Callable[[], AbstractContextManager[object]] = nullcontext


def provide_aside(hook: Callable[[], AbstractContextManager[object]]) -> None:
    """Register how a threaded server lets others pass meanwhile."""
    global _aside
    _aside = hook


def aside() -> AbstractContextManager[object]:
    """Around every call to the outside that a request waits for, so that a provider that is slow
    holds up its own callers only. Enter it outside any transaction: whoever then waits to come back
    must hold nothing that those inside may be waiting for.
    """
    return _aside()


def ask(
    method: str,
    address: str,
    reach: Reach,
    *,
    patience: float,
    timeout: float | tuple[float, float],
    largest: int | None = None,
    by_proxy: bool = False,
    **more: Any,
) -> Answer:
    """The one way to ask an address that others chose: no redirect is followed, and all of it,
    from the connection to the last byte, takes ``patience`` seconds at most, however it drips;
    ``timeout`` is that of each wait within. Without ``largest`` the body is left unread.

    Call it outside any transaction. Raises OutOfReach, Silent or TooLong.
    """
    with aside(), _Watch(patience) as watch:
        try:
            with (
                session_to(reach, by_proxy=by_proxy) as session,
                session.request(
                    method, address, timeout=timeout, allow_redirects=False, stream=True, **more
                ) as found,
            ):
                body = b"" if largest is None else _read(found, largest)
                answer = Answer(found.status_code, body)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
            raise OutOfReach("no address") from None
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Silent("TooLate" if watch.over else type(error).__name__) from None
        # What was cut off reads like an answer that ends there.
        if watch.over:
            raise Silent("TooLate")
        return answer


def _read(answer: requests.Response, largest: int) -> bytes:
    body = b""
    while chunk := answer.raw.read1(CHUNK):
        body += chunk
        if len(body) > largest:
            raise TooLong
    return body


class _Watch:
    """Cuts off the connections of this thread's exchange when its time is over. The timeout of a
    socket cannot: it begins anew with each byte, in the headers as in the body.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    @property
    def left(self) -> float:
        """Seconds to go."""
        return self._ends - time.monotonic()

    @property
    def over(self) -> bool:
        """Whether the time is."""
        return self.left <= 0

    def mind(self, opened: socket.socket) -> None:
        """Cut this one too; by a handle of our own, as TLS takes the socket's over."""
        with self._lock:
            self._sockets.append(opened.dup())
        if self.over:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            for each in self._sockets:
                with suppress(OSError):  # the other side was faster
                    each.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._token = _watching.set(self)
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        _watching.reset(self._token)
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()


_watching: ContextVar[_Watch | None] = ContextVar("watching", default=None)


class Place(NamedTuple):
    """One address that a name leads to, as ``socket`` wants it."""

    family: int
    kind: int
    protocol: int
    address: tuple[Any, ...]


def in_production(reach: Reach) -> Reach:
    """``reach`` where this is no demo and no test."""
    return reach if settings().environment is Environment.PRODUCTION else Reach.ANYWHERE


def session_to(reach: Reach, *, by_proxy: bool = False) -> requests.Session:
    """A session whose connections go no further than ``reach``; they raise OutOfReach. Where it is
    told ``by_proxy`` and the environment names one, the proxy looks names up and decides itself.
    """
    session = requests.Session()
    session.trust_env = by_proxy
    adapter = _Adapter(reach)
    session.mount("https://", adapter)
    if reach is Reach.ANYWHERE:
        session.mount("http://", adapter)
    else:
        del session.adapters["http://"]
    return session


def places(host: str, port: int, reach: Reach) -> list[Place]:
    """Where a name leads now. Raises OutOfReach where any of it is out of reach, OSError where it
    leads nowhere.
    """
    found = [
        Place(family, kind, protocol, address)
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )
    ]
    if reach is not Reach.ANYWHERE:
        for place in found:
            # Of a link-local address of IPv6 the zone stands behind a per cent sign.
            number = ip_address(str(place.address[0]).partition("%")[0])
            if not _within(reach, _embedded(number)):
                raise OutOfReach(host)
    return found


def _within(reach: Reach, number: IPv4Address | IPv6Address) -> bool:
    if number.is_multicast or number.is_unspecified or number.is_loopback or number.is_link_local:
        return False
    return number.is_global or reach is Reach.NETWORKS


def _embedded(number: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that one of IPv6 stands for, if any."""
    if isinstance(number, IPv4Address):
        return number
    if number in TRANSLATED:
        return IPv4Address(number.packed[-4:])
    return number.ipv4_mapped or number.sixtofour or number


class _Adapter(HTTPAdapter):
    """Connects by pools of checked connections."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._reach)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """The way to a proxy, which the environment and not the address chose."""
        manager = super().proxy_manager_for(*args, **kwargs)
        if isinstance(manager, ProxyManager):
            manager.pool_classes_by_scheme = _pools(Reach.ANYWHERE)
        return manager


@cache
def _pools(reach: Reach) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections go no further than ``reach``. A name stays what TLS is asked for and
    what the request says in ``Host``; only the socket is opened to what was checked.
    """

    class Checked(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, reach)

    class CheckedTls(Checked, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = Checked

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = CheckedTls

    return {"http": Pool, "https": TlsPool}


def _connect(connection: HTTPConnection, reach: Reach) -> socket.socket:
    """A socket to the first of the places that answers, all within the one time."""
    given, watch = connection.timeout, _watching.get()
    seconds = given if isinstance(given, int | float) else CONNECT_SECONDS
    deadline = time.monotonic() + (min(seconds, watch.left) if watch else seconds)
    failure: OSError = OSError("the name leads nowhere")
    try:
        found = places(connection.host, connection.port, reach)
    except (socket.gaierror, UnicodeError) as error:
        # No name at all ("a..b") leads nowhere too.
        nowhere = socket.gaierror(str(error))
        raise NameResolutionError(connection.host, connection, nowhere) from error
    for place in found:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        opened = socket.socket(place.family, place.kind, place.protocol)
        try:
            for option in connection.socket_options or ():
                opened.setsockopt(*option)
            opened.settimeout(left)
            opened.connect(place.address)
        except OSError as error:
            opened.close()
            failure = error
        else:
            if watch:
                watch.mind(opened)
            return opened
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, "no connection in time") from failure
    raise NewConnectionError(connection, f"no connection: {failure}") from failure
