"""Concurrent HTTP clients in a process of their own: raw sockets, kept alive.

`python -m bench.clients` reads {port, connections, requests} from standard input, a request being
a whole HTTP message, and writes an Outcome. A client takes the next request when it is answered.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from typing import NamedTuple

from portal.factory import ROOT


class Outcome(NamedTuple):
    """What came of a run: seconds in all, answers by status, milliseconds at the percentiles."""

    seconds: float
    statuses: dict[str, int]
    p50: float
    p95: float
    p99: float


def run(port: int, connections: int, requests: list[str]) -> Outcome:
    """Send these requests over so many connections, from another process."""
    job = json.dumps({"port": port, "connections": connections, "requests": requests})
    command = [sys.executable, "-m", "bench.clients"]
    done = subprocess.run(command, input=job, capture_output=True, text=True, check=True, cwd=ROOT)
    return Outcome(*json.loads(done.stdout))


def message(method: str, path: str, headers: dict[str, str], body: str = "") -> str:
    """A whole HTTP/1.1 request."""
    fields = {"Host": "127.0.0.1", "Content-Length": str(len(body.encode())), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n{body}"


async def _client(
    port: int, waiting: list[bytes], statuses: Counter[str], times: list[float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while waiting:
        begun = time.perf_counter()
        writer.write(waiting.pop())
        head = await reader.readuntil(b"\r\n\r\n")
        fields = head.decode("latin-1").lower().split("\r\n")
        length = next(int(f[15:]) for f in fields if f.startswith("content-length:"))
        await reader.readexactly(length)
        times.append(time.perf_counter() - begun)
        statuses[fields[0].split(" ")[1]] += 1
        if "connection: close" in fields:
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def _all(port: int, connections: int, requests: list[str]) -> Outcome:
    waiting = [request.encode() for request in reversed(requests)]
    statuses: Counter[str] = Counter()
    times: list[float] = []
    begun = time.perf_counter()
    await asyncio.gather(*(_client(port, waiting, statuses, times) for _ in range(connections)))
    seconds = time.perf_counter() - begun
    times.sort()
    at = [round(times[int(len(times) * share)] * 1000, 1) for share in (0.5, 0.95, 0.99)]
    return Outcome(seconds, dict(statuses), *at)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_all(**json.load(sys.stdin)))))
