"""Calls to the outside. While somebody there is waited for, the process works on others
(``aside``). Where an address that somebody outside chose leads is looked up once, checked, and
connected to just so: a name that leads elsewhere a moment later (DNS rebinding) gains nothing.
"""

import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from core.settings import Environment, settings

# Where a gateway turns IPv6 into IPv4 (RFC 6052); the last four bytes are where it leads.
TRANSLATED = IPv6Network("64:ff9b::/96")
# Of a connection, where the caller names no time.
CONNECT_SECONDS = 5.0


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
    """The address leads where the call may not go."""


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
    given = connection.timeout
    deadline = time.monotonic() + (given if isinstance(given, int | float) else CONNECT_SECONDS)
    failure: OSError = OSError("the name leads nowhere")
    try:
        found = places(connection.host, connection.port, reach)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
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
            return opened
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, "no connection in time") from failure
    raise NewConnectionError(connection, f"no connection: {failure}") from failure
