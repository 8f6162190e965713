"""The heaviest page against a bare Flask hello under the same gunicorn, in one run.

Pages are measured on the loaded demo region, each signed in as the one who sees it. Wanted: a
ratio of 0.10 at least, 8 statements a page and 130 MB a worker at most.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psutil
from flask import Flask

from bench import clients
from bench.server import configure, serving
from core.settings import settings
from core.statements import watching

CLIENTS = 16
REQUESTS = 400
HELLOS = 4000
# What each audience looks at most, and who that is in the demo.
PAGES = (
    ("demo-resident", "/"),
    ("demo-resident", "/family-doctor/mine"),
    ("demo-resident", "/packs/"),
    ("demo-leader", "/family-doctor/today"),
    ("demo-registrar", "/appointments/day-list"),
    ("demo-admin", "/admin/"),
    ("demo-analyst", "/statistics/"),
)


class Measured(NamedTuple):
    """A page's answers a second, and how long they took in milliseconds."""

    rate: float
    p95: float


def main() -> float:
    """Measure all pages and hello; the heaviest page's share of hello's rate."""
    with tempfile.TemporaryDirectory(prefix="kangqiao-bench-") as scratch:
        configure(Path(scratch))
        url = _loaded_region(Path(scratch))
        with serving("bench.hello:app", url, settings().page_threads) as port:
            hello = measure(port, "/", {}, HELLOS)
        print(f"{hello.rate:8.0f}/s  p95 {hello.p95:6.1f} ms  hello")
        app = application(url)
        with serving("wsgi:app", url) as port:
            rates = [_page(port, app, account, path) for account, path in PAGES]
            _beside_streams(port, app)
            resident, shared_out = _worker_megabytes(port)
            print(f"memory of a worker: {shared_out:.0f} MB ({resident:.0f} MB with all it shares)")
    return min(rates) / hello.rate


def _loaded_region(scratch: Path) -> str:
    """The address of a database with the demo region in it."""
    from portal import embedded  # the settings are read from here on

    url = embedded.start(scratch)
    for arguments in (["alembic", "upgrade", "head"],
                      ["flask", "--app", "wsgi", "region", "load", "guigang"]):  # fmt: skip
        tool = Path(sys.executable).with_name(arguments[0])
        subprocess.run([tool, *arguments[1:]], check=True, capture_output=True)
    return url


def application(url: str) -> Flask:
    """The portal in this process, where its statements can be counted."""
    from core.settings import settings
    from portal.factory import create_app

    return create_app(settings().model_copy(update={"database_url": url}))


def _page(port: int, app: Flask, account: str, path: str) -> float:
    cookie = {"Cookie": signed_in(app, account)}
    measure(port, path, cookie, CLIENTS * 4)  # templates compiled, connections open
    measured = measure(port, path, cookie, REQUESTS)
    print(
        f"{measured.rate:8.0f}/s  p95 {measured.p95:6.1f} ms"
        f"  {statements(app, path, cookie)} statements  {path}  ({account})"
    )
    return measured.rate


def _beside_streams(port: int, app: Flask) -> None:
    """Print what is left of a page's rate while half of all live streams are open."""
    cookie = {"Cookie": signed_in(app, "demo-resident")}
    alone = measure(port, "/", cookie, REQUESTS)
    count = settings().live_streams  # of two processes, which fill unevenly
    with _streams(port, _hall(), count) as opened:
        beside = measure(port, "/", cookie, REQUESTS)
    print(
        f"{beside.rate:8.0f}/s  p95 {beside.p95:6.1f} ms  / with {opened} streams open:"
        f" {beside.rate / alone.rate:.2f} of {alone.rate:.0f}/s without"
    )


@contextmanager
def _streams(port: int, path: str, count: int) -> Iterator[int]:
    """Open so many live streams; yields how many were let in."""
    connections = [HTTPConnection("127.0.0.1", port, timeout=10) for _ in range(count)]
    answers = []
    for connection in connections:
        connection.request("GET", path, headers={"Accept": "text/event-stream"})
        answers.append(connection.getresponse().status)
    yield answers.count(200)
    for connection in connections:
        connection.close()


def _hall() -> str:
    """The live part of a waiting hall's screen of the demo's hospital."""
    from appointments.schemas import MakeScreen
    from appointments.services.screens import make_screen
    from auth.queries.actors import actor_of_account
    from auth.services.sign_in import find_by_username
    from core.access import Role
    from core.database import transaction

    with transaction() as session:
        holder = find_by_username(session, "demo-registrar")
        desk = holder and actor_of_account(session, holder.id)
        if not desk:
            raise RuntimeError("the demo has no desk")
        hospital = UUID(min(desk.units(Role.REGISTRAR)))
        _, token = make_screen(session, desk, MakeScreen(institution_id=hospital, name="bench"))
    return f"/appointments/halls/{token}/live"


def statements(app: Flask, path: str, headers: dict[str, str]) -> int:
    """How many statements the page sends, session look-up and audit included."""
    client = app.test_client(use_cookies=False)
    client.get(path, headers=headers)  # what is read once a process
    sent: list[str] = []

    with watching(lambda sql, given: sent.append(sql)):
        client.get(path, headers=headers)
    return len(sent)


def measure(port: int, path: str, headers: dict[str, str], count: int) -> Measured:
    outcome = clients.run(port, CLIENTS, [clients.message("GET", path, headers)] * count)
    if set(outcome.statuses) != {"200"}:
        raise RuntimeError(f"{path} answered {outcome.statuses}")
    return Measured(count / outcome.seconds, outcome.p95)


def signed_in(app: Flask, account: str) -> str:
    """The Cookie header of a browser in which the demo account signed in, with a second factor."""
    from auth.claims import Assurance, Method
    from auth.services.sign_in import Origin, find_by_username, open_session
    from core.database import transaction

    with transaction() as session:
        holder = find_by_username(session, account)
        if holder is None:
            raise RuntimeError(f"the demo has no account {account}")
        proofs = [Method.PASSWORD, Method.SMS]
        opened = open_session(
            session, holder, proofs, Origin("", device="bench"), Assurance.TWO_FACTORS
        )
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = opened.token
        cookie["_fresh"] = True
    name = app.config["SESSION_COOKIE_NAME"]
    kept = client.get_cookie(name)
    if kept is None:
        raise RuntimeError("the session has no cookie")
    return f"{name}={kept.value}"


def _worker_megabytes(port: int) -> tuple[float, float]:
    """The memory of the largest process that serves ``port``: all that is resident, and with what
    it has in common with others shared out among them (Linux's PSS; elsewhere what is its own).
    """
    memory = [
        process.memory_full_info()
        for process in psutil.process_iter(["cmdline"])
        if f"127.0.0.1:{port}" in (process.info["cmdline"] or [])
    ]
    resident = max(each.rss for each in memory)
    return resident / 1e6, max(getattr(each, "pss", each.uss) for each in memory) / 1e6
