"""The portal as `make run` serves it, on a scratch database."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from core.settings import settings
from portal.factory import ROOT
from portal.serve import GUNICORN_WORKERS, threads

START_SECONDS = 120


def configure(scratch: Path) -> None:
    """Point this process and its children at the scratch directory, before settings are read."""
    os.environ |= {
        "ENVIRONMENT": "test",
        "INSTANCE_DIR": str(scratch),
        "SECRET_KEY": "bench-secret-key-of-more-than-32-characters",
        "DATA_KEY": "bench-data-key-of-more-than-32-characters!",
    }


@contextmanager
def serving(
    application: str, url: str, workers: int = GUNICORN_WORKERS, at_once: int | None = None
) -> Iterator[int]:
    """Serve a WSGI application with gunicorn on this database, with so many threads a process (by
    default those of the portal, which lets only some of them draw pages); yields the port.
    """
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("gunicorn")), application,
        "--bind", f"127.0.0.1:{port}", "--preload", "--reuse-port", "--worker-class", "gthread",
        "--workers", str(workers), "--threads", str(at_once or threads(settings())),
        "--log-level", "warning",
    ]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait(port)
            yield port
        finally:
            server.terminate()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
