"""The heaviest page against a bare Flask hello under the same gunicorn, in one run.

Pages are measured on the loaded demo region, each signed in as the one who sees it. Wanted: a
ratio of 0.10 at least, 8 statements a page and 130 MB a worker at most.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import psutil
from flask import Flask
from sqlalchemy import Engine, event

from bench import clients
from bench.server import configure, serving

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
            hello = _measure(port, "/", {}, HELLOS)
        print(f"{hello.rate:8.0f}/s  p95 {hello.p95:6.1f} ms  hello")
        app = _application(url)
        with serving("wsgi:app", url) as port:
            rates = [_page(port, app, account, path) for account, path in PAGES]
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


def _application(url: str) -> Flask:
    """The portal in this process, where its statements can be counted."""
    from core.settings import settings
    from portal.factory import create_app

    return create_app(settings().model_copy(update={"database_url": url}))


def _page(port: int, app: Flask, account: str, path: str) -> float:
    cookie = {"Cookie": _signed_in(app, account)}
    _measure(port, path, cookie, CLIENTS * 4)  # templates compiled, connections open
    measured = _measure(port, path, cookie, REQUESTS)
    print(
        f"{measured.rate:8.0f}/s  p95 {measured.p95:6.1f} ms"
        f"  {_statements(app, path, cookie)} statements  {path}  ({account})"
    )
    return measured.rate


def _statements(app: Flask, path: str, headers: dict[str, str]) -> int:
    """How many statements the page sends, session look-up and audit included."""
    client = app.test_client(use_cookies=False)
    client.get(path, headers=headers)  # what is read once a process
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    client.get(path, headers=headers)
    event.remove(Engine, "before_cursor_execute", note)
    return len(sent)


def _measure(port: int, path: str, headers: dict[str, str], count: int) -> Measured:
    outcome = clients.run(port, CLIENTS, [clients.message("GET", path, headers)] * count)
    if set(outcome.statuses) != {"200"}:
        raise RuntimeError(f"{path} answered {outcome.statuses}")
    return Measured(count / outcome.seconds, outcome.p95)


def _signed_in(app: Flask, account: str) -> str:
    """The Cookie header of a browser in which the demo account signed in, with a second factor."""
    from auth.claims import Assurance, Method
    from auth.services.sign_in import Origin, find_by_username, open_session
    from core.database import transaction

    with transaction() as session:
        holder = find_by_username(session, account)
        if holder is None:
            raise RuntimeError(f"the demo has no account {account}")
        proofs = [Method.PASSWORD, Method.SMS]
        opened = open_session(session, holder, proofs, Origin(""), Assurance.TWO_FACTORS)
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
