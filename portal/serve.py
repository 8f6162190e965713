"""`make run`: database, migrations, region, stand-ins, web server and worker in one job.

Ctrl-C stops everything; whatever a kill left behind is cleaned up by the next start.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import psycopg

from appointments.public import make_secret
from core.database import plain_url
from core.settings import Settings, SettingsError, load_settings
from portal import embedded
from portal.neighbours import HOSPITAL_CLIENT
from portal.readiness import newest_revision
from regions.public import DEMO_PASSWORD, load_region, resident_phone

GUNICORN_WORKERS = 2
STOP_SECONDS = 10
# For glibc: few heaps for many threads, and a password's 19 MiB go back when it is hashed.
LEAN = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
PIDS = "serve.pids"
LOG = "portal.log"
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
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    port = int(os.environ.get("PORT") or "8000")
    environment = _environment(settings, port)
    try:
        environment["DATABASE_URL"] = _prepare(settings, environment)
        if settings.demo:
            environment["HOSPITAL_ID"] = _demo_hospital(environment["DATABASE_URL"]) or ""
        return _supervise(settings, environment, port)
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
    environment = LEAN | {key: value for key, value in os.environ.items() if value}
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


def _commands(settings: Settings, port: int, public_url: str) -> list[list[str]]:
    gunicorn = [
        _tool("gunicorn"), "wsgi:app", "--bind", f"127.0.0.1:{port}",
        "--workers", str(GUNICORN_WORKERS), "--worker-class", "gthread",
        "--threads", str(threads(settings)), "--preload", "--reuse-port", "--log-level", "warning",
        "--graceful-timeout", "5",
    ]  # fmt: skip
    commands = [gunicorn, [_tool("flask"), "--app", "wsgi", "worker"]]
    if settings.demo:
        commands.append([
            sys.executable, "-m", "standins", "--port", str(port + 1),
            "--portal-url", public_url,
        ])  # fmt: skip
    return commands


def _supervise(settings: Settings, environment: dict[str, str], port: int) -> int:
    """Start the processes and wait; when one ends or a signal comes, end them all."""
    stopping: list[int] = []
    _on_signals(lambda number: stopping.append(number))
    with (settings.instance_dir / LOG).open("ab") as log:
        children = [
            subprocess.Popen(  # noqa: S603
                command, cwd=ROOT, env=environment, start_new_session=True, stdout=log, stderr=log
            )
            for command in _commands(settings, port, environment.get("PUBLIC_URL", ""))
        ]
    pids = settings.instance_dir / PIDS
    pids.write_text("".join(f"{child.pid}\n" for child in children), encoding="utf-8")
    try:
        if settings.demo:
            _run(environment, "python", "-m", "portal.neighbours", str(port + 1))
        _announce(settings, port)
        while not stopping and all(child.poll() is None for child in children):
            time.sleep(0.2)
    finally:
        _stop(children)
        pids.unlink(missing_ok=True)
    if not stopping:
        print(f"A process ended by itself; see {settings.instance_dir / LOG}.", file=sys.stderr)
    return 0 if stopping else 1


def _end_leftovers(instance_dir: Path) -> None:
    """End what a killed predecessor left running, so that its port is free again."""
    pids = instance_dir / PIDS
    if not pids.exists():
        return
    for pid in (int(line) for line in pids.read_text(encoding="utf-8").split()):
        if str(ROOT) in _command_of(pid):
            # Each child leads a group of its own, its workers with it.
            os.killpg(pid, signal.SIGKILL)
    pids.unlink()


def _command_of(pid: int) -> str:
    """The command line of a process, empty where there is none: a pid may have a new owner."""
    listed = subprocess.run(  # noqa: S603
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return listed.stdout


def _on_signals(handle: Callable[[int], None]) -> None:
    def receive(number: int, frame: FrameType | None) -> None:
        del frame
        handle(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, receive)


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


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
