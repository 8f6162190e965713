"""Concurrent HTTP clients in a process of their own: raw sockets, kept alive.

`python -m bench.clients` reads {port, connections, requests, then, due} from standard input, a
request being a whole HTTP message, and writes an Outcome. A client takes the next request when it
is answered; with ``due`` not before that moment (seconds since the epoch), from which the time of
the answer is counted, whether or not a client was free then. With ``then`` each request is answered
by a redirect with a code, which is redeemed at once: a message of that method, path, headers and
body, "CODE" standing for the code.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

ROOT = Path(__file__).resolve().parent.parent
CODE = re.compile(rb"\r\nlocation: \S*[?&]code=([\w-]+)", re.I)
# Found in the bytes of the answer's head: the client has the server's two cores.
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.I)
CLOSE = re.compile(rb"\r\nconnection: close\r", re.I)
# Method, path, headers as JSON, body.
_Then: TypeAlias = Sequence[str]


class Outcome(NamedTuple):
    """What came of a run: seconds in all, answers by status, milliseconds at the percentiles."""

    seconds: float
    statuses: dict[str, int]
    p50: float
    p95: float
    p99: float
    slowest: float


def run(
    port: int,
    connections: int,
    requests: list[str],
    then: tuple[str, ...] | None = None,
    due: list[float] | None = None,
) -> Outcome:
    """Send these requests over so many connections, from another process."""
    job = json.dumps(
        {
            "port": port,
            "connections": connections,
            "requests": requests,
            "then": then,
            "due": due,
        }
    )
    command = [sys.executable, "-m", "bench.clients"]
    done = subprocess.run(command, input=job, capture_output=True, text=True, check=True, cwd=ROOT)
    return Outcome(*json.loads(done.stdout))


def message(method: str, path: str, headers: dict[str, str], body: str = "") -> str:
    """A whole HTTP/1.1 request."""
    fields = {"Host": "127.0.0.1", "Content-Length": str(len(body.encode())), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n{body}"


class _Client:
    """One connection, opened again when the server closes it."""

    def __init__(self, port: int, statuses: Counter[str], times: list[float]) -> None:
        self._port, self._statuses, self._times = port, statuses, times

    async def work(self, waiting: list[tuple[float, bytes]], then: _Then | None) -> None:
        await self._open()
        while waiting:
            due, request = waiting.pop()
            begun = time.time()
            if due:
                await asyncio.sleep(due - begun)
                begun = due
                if self._reader.at_eof():  # closed by the server while there was nothing to do
                    await self._open()
            head = await self._ask(request)
            if then:
                await self._ask(_redeeming(then, head))
            self._times.append(time.time() - begun)
        self._writer.close()

    async def _open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def _ask(self, request: bytes) -> bytes:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        if length is None:
            raise RuntimeError(f"no length in {head!r}")
        await self._reader.readexactly(int(length[1]))
        self._statuses[head[9:12].decode()] += 1
        if CLOSE.search(head):
            self._writer.close()
            await self._open()
        return head


def _redeeming(then: _Then, head: bytes) -> bytes:
    """The message that redeems the code of a redirect."""
    found = CODE.search(head)
    if found is None:
        raise RuntimeError(f"no code in {head!r}")
    method, path, headers, body = then
    return message(
        method, path, json.loads(headers), body.replace("CODE", found[1].decode())
    ).encode()


async def _all(
    port: int,
    connections: int,
    requests: list[str],
    then: _Then | None,
    due: list[float] | None,
) -> Outcome:
    moments = due or [0.0] * len(requests)
    waiting = [(moment, text.encode()) for moment, text in zip(moments, requests, strict=True)]
    waiting.reverse()
    statuses: Counter[str] = Counter()
    times: list[float] = []
    begun = time.perf_counter()
    clients = [_Client(port, statuses, times) for _ in range(connections)]
    await asyncio.gather(*(client.work(waiting, then) for client in clients))
    seconds = time.perf_counter() - begun
    times.sort()
    at = [
        round(times[min(int(len(times) * share), len(times) - 1)] * 1000, 1)
        for share in (0.5, 0.95, 0.99, 1)
    ]
    return Outcome(seconds, dict(statuses), *at)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_all(**json.load(sys.stdin)))))
