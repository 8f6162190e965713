"""What the audit costs a read: the same API read with it and without it, in turn, in one run.

Wanted: at most 20 % of the rate, so a ratio of 0.80 at least.
"""

import tempfile
from pathlib import Path
from statistics import median

from bench import clients, server, world

CONNECTIONS = 16
ROUNDS = 15
REQUESTS = 400
# One's own identity: policy asked, two numbers decrypted, one event.
PATH = "/api/v1/residents/me"


def main() -> float:
    """The audited rate as a share of the other."""
    with tempfile.TemporaryDirectory(prefix="kangqiao-bench-") as scratch:
        server.configure(Path(scratch))
        url = world.build(Path(scratch))
        return measure(url)


def measure(url: str) -> float:
    """Both are served at once and read in turn, so that whatever else the machine does weighs on
    both; the medians are compared.
    """
    rates: dict[str, list[float]] = {"audited": [], "unaudited": []}
    with (
        server.serving("wsgi:app", url) as audited,
        server.serving("bench.unaudited:make_app()", url) as unaudited,
    ):
        ports = {"audited": audited, "unaudited": unaudited}
        for port in ports.values():
            read(port)
        for _ in range(ROUNDS):
            for title, port in ports.items():
                rates[title].append(read(port))
    for title, measured in rates.items():
        print(f"{title}: {median(measured):.0f} reads/s", flush=True)
    return median(rates["audited"]) / median(rates["unaudited"])


def read(port: int) -> float:
    """Reads a second. Raises RuntimeError unless each one was answered."""
    requests = [
        clients.message("GET", PATH, {"Authorization": f"Bearer {world.token(number)}"})
        for number in (k % world.RESIDENTS for k in range(REQUESTS))
    ]
    outcome = clients.run(port, CONNECTIONS, requests)
    if outcome.statuses != {"200": REQUESTS}:
        raise RuntimeError(f"{PATH}: {outcome.statuses}")
    return REQUESTS / outcome.seconds
