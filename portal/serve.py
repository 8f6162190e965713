"""`make run`: database, migrations, region, stand-ins, web server and worker in one job.

Ctrl-C stops everything; whatever a kill left behind is cleaned up by the next start. The portal is
imported once, which is most of a start: web server and worker are forks of this process.
"""

import multiprocessing
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from io import FileIO
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
from click import Abort
from gunicorn.app.base import BaseApplication

from appointments.public import make_secret
from core import jobs
from core.database import plain_url
from core.settings import Settings, SettingsError, load_settings
from portal import embedded
from portal.neighbours import HOSPITAL_CLIENT, introduce
from portal.readiness import newest_revision
from regions.public import DEMO_PASSWORD, load_region, resident_phone

GUNICORN_WORKERS = 2
STOP_SECONDS = 10
WORKER_JOBS = 2
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FORKS = multiprocessing.get_context("fork")
PIDS = "serve.pids"
LOG = "portal.log"
# What a process of ours has in its command line: a pid may have a new owner.
PROGRAMS = ("portal.serve", "standins")
ROOT = Path(__file__).resolve().parent.parent
DEMO_ACCOUNTS = (
    ("demo-resident", "居民 resident"),
    ("demo-leader", "家庭医生团队长 family-doctor leader"),
    ("demo-nurse", "团队护士 team nurse"),
    ("demo-registrar", "医院挂号员 hospital registrar"),
    ("demo-admin", "管理员 administrator of the city"),
    ("demo-county-admin", "县区管理员 administrator of a county"),
    ("demo-institution-admin", "机构管理员 administrator of an institution"),
    ("demo-analyst", "统计分析员 government analyst"),
    ("demo-security", "安全管理员 security administrator"),
    ("demo-auditor", "审计员 auditor"),
)


def main() -> int:
    """Serve until stopped; returns the exit status."""
    _on_signals(signal.default_int_handler)
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    port = int(os.environ.get("PORT") or "8000")
    environment = _environment(settings, port)
    try:
        environment["DATABASE_URL"] = _prepare(settings, environment)
        os.environ |= environment
        return _supervise(settings, port)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except subprocess.CalledProcessError as error:
        return int(error.returncode)  # it has said why


def _prepare(settings: Settings, environment: dict[str, str]) -> str:
    """The address of a migrated database; in the demo with the region in it."""
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    _end_leftovers(settings.instance_dir)
    url = settings.database_url or embedded.start(settings.instance_dir)
    here = environment | {"DATABASE_URL": url}
    if _revision(url) != newest_revision():
        _run(here, "alembic", "upgrade", "head")
    if settings.demo and not _loaded(url):
        scale = os.environ.get("SCALE")
        _run(here, "flask", "--app", "wsgi", "region", "load", settings.region,
             *(["--scale", scale] if scale else []))  # fmt: skip
    return url


def _environment(settings: Settings, port: int) -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if value}
    if settings.demo:
        standins = f"http://127.0.0.1:{port + 1}"
        environment |= {
            # Under http://localhost:… the demo has a name that passkeys can be bound to.
            "PUBLIC_URL": os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{port}",
            "SMS_URL": standins,
            "IDENTITY_URL": standins,
            "STRIPE_API_BASE": standins,
            "WECHAT_API_BASE": standins,
            "WECHAT_OAUTH_BASE": standins,
            "WECHAT_MINI_PROGRAM_ID": "wx0000000000000001",
            "WECHAT_MINI_PROGRAM_SECRET": secrets.token_hex(16),
            "WECHAT_OFFICIAL_ACCOUNT_ID": "wx0000000000000002",
            "WECHAT_OFFICIAL_ACCOUNT_SECRET": secrets.token_hex(16),
            # The union id comes with this scope only, so that the demo shows both joined.
            "WECHAT_OFFICIAL_ACCOUNT_SCOPE": "snsapi_userinfo",
            "WECHAT_PHONE": resident_phone(load_region(settings.region)),
            "SECOND_APP_URL": f"{standins}/clinic/",
            "HOSPITAL_CLIENT_ID": HOSPITAL_CLIENT,
            "HOSPITAL_CLIENT_SECRET": secrets.token_urlsafe(32),
            "HOSPITAL_LINK_SECRET": make_secret(),
        }
    return environment


def _demo_hospital(url: str) -> str | None:
    """Where the demo's registrar works; None where the region has no such account."""
    query = (
        "SELECT unit FROM auth_role_grant JOIN auth_account ON auth_account.id = account_id"
        " WHERE username = 'demo-registrar' AND role = 'registrar' LIMIT 1"
    )
    with psycopg.connect(plain_url(url)) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def _revision(url: str) -> str | None:
    """How far the database is migrated; None for a new one."""
    with psycopg.connect(plain_url(url)) as connection:
        table = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
        if table is None or table[0] is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def _loaded(url: str) -> bool:
    with psycopg.connect(plain_url(url)) as connection:
        row = connection.execute("SELECT 1 FROM directory_division LIMIT 1").fetchone()
    return row is not None


def _run(environment: dict[str, str], program: str, *arguments: str) -> None:
    subprocess.run([_tool(program), *arguments], check=True, cwd=ROOT, env=environment)  # noqa: S603


def _tool(program: str) -> str:
    return str(Path(sys.executable).with_name(program))


def threads(settings: Settings) -> int:
    """How many threads a process of gunicorn needs: for pages, and for the streams it may hold."""
    return settings.page_threads + settings.live_streams


class WebServer(BaseApplication):  # type: ignore[misc]
    """Gunicorn, told by us instead of by a command line."""

    def __init__(self, app: Any, options: Mapping[str, object]) -> None:
        self._app, self._options = app, options
        super().__init__()

    def load_config(self) -> None:
        """Take our options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application, there already."""
        return self._app


def _serve_web(app: Any, settings: Settings, port: int) -> None:
    options = {
        "bind": f"127.0.0.1:{port}",
        "workers": GUNICORN_WORKERS,
        "worker_class": "gthread",
        "threads": threads(settings),
        "preload_app": True,
        "reuse_port": True,
        "loglevel": "warning",
        "graceful_timeout": 5,
    }
    WebServer(app, options).run()


def _supervise(settings: Settings, port: int) -> int:
    """Start the processes and wait; when one ends or a signal comes, end them all."""
    children: list[BaseProcess] = []
    pids = settings.instance_dir / PIDS

    def start(run: Callable[..., object], *arguments: object) -> None:
        child = FORKS.Process(target=_apart, args=(log, run, *arguments))
        child.start()
        children.append(child)
        pids.write_text("".join(f"{each.pid}\n" for each in children), encoding="utf-8")

    with FileIO(settings.instance_dir / LOG, "a") as log:
        try:
            if settings.demo:
                command = ["-m", "standins", "--port", str(port + 1)]
                public_url = os.environ["PUBLIC_URL"]
                start(os.execv, sys.executable,
                      [sys.executable, *command, "--portal-url", public_url])  # fmt: skip
            from wsgi import app  # with the settings that are complete by now

            start(_serve_web, app, settings, port)
            start(jobs.run_worker, plain_url(os.environ["DATABASE_URL"]), WORKER_JOBS)
            if settings.demo:
                hospital = _demo_hospital(os.environ["DATABASE_URL"])
                introduce(app, settings.region, f"http://127.0.0.1:{port + 1}", hospital)
            _announce(settings, port)
            while all(child.is_alive() for child in children):
                time.sleep(0.2)
        except (KeyboardInterrupt, Abort):  # a command of click's says Abort
            return 0
        finally:
            _on_signals(signal.SIG_IGN)
            _stop(children)
            pids.unlink(missing_ok=True)
    print(f"A process ended by itself; see {settings.instance_dir / LOG}.", file=sys.stderr)
    return 1


def _apart(log: FileIO, run: Callable[..., object], *arguments: object) -> None:
    """Run as the leader of a group of one's own, which Ctrl-C does not reach, into the log."""
    os.setsid()
    _on_signals(signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(log.fileno(), stream.fileno())
    run(*arguments)


def _end_leftovers(instance_dir: Path) -> None:
    """End what a killed predecessor left running, so that its port is free again."""
    pids = instance_dir / PIDS
    if not pids.exists():
        return
    for pid in (int(line) for line in pids.read_text(encoding="utf-8").split()):
        if any(program in _command_of(pid) for program in PROGRAMS):
            # Each child leads a group of its own, its workers with it.
            os.killpg(pid, signal.SIGKILL)
    pids.unlink()


def _command_of(pid: int) -> str:
    """The command line of a process, empty where there is none."""
    listed = subprocess.run(  # noqa: S603
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return listed.stdout


def _on_signals(handle: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in STOPS:
        signal.signal(number, handle)


def _stop(children: list[BaseProcess]) -> None:
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        child.join(max(0.1, deadline - time.monotonic()))
        if child.is_alive():
            child.kill()
            child.join()


def _announce(settings: Settings, port: int) -> None:
    shown = os.environ.get("PUBLIC_URL") or f"http://127.0.0.1:{port}"
    print(f"\n  Kangqiao serves on {shown}   (Ctrl-C stops it)")
    print(f"  Logs:                  {settings.instance_dir / LOG}")
    if not settings.demo:
        return
    print(f"  SMS inbox of the demo: http://127.0.0.1:{port + 1}/sms/inbox")
    print(f"  WeChat of the demo:    http://127.0.0.1:{port + 1}/wechat/")
    print(f"  Second application:    http://127.0.0.1:{port + 1}/clinic/")
    print(f"  A hospital's system:   http://127.0.0.1:{port + 1}/hospital/\n")
    print(f"  Demo accounts, all with the password {DEMO_PASSWORD}:")
    for name, role in DEMO_ACCOUNTS:
        print(f"    {name:<24}{role}")
    phone = resident_phone(load_region(settings.region))
    print("  Staff then get a code by SMS; it is in the SMS inbox, newest first.")
    print(f"  demo-resident also signs in by phone {phone} and the code in the SMS inbox.")
    print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
