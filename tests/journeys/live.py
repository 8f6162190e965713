"""The whole product as `make run` starts it, on a free port with a small region of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from portal.serve import LOG, ROOT

# About 450 people: enough for every screen, loaded in seconds.
SCALE = "0.0001"
OUTPUT = "serve.out"
START_SECONDS = 180
STOP_SECONDS = 30
# What the tests set for themselves and `make run` must find by itself.
OWN_SETTINGS = ("SECRET_KEY", "DATA_KEY", "DATABASE_URL", "ENVIRONMENT")


@dataclass(frozen=True, slots=True)
class LivePortal:
    """A running portal, its stand-ins, and where it keeps its things."""

    url: str
    standins: str
    instance: Path

    @property
    def origins(self) -> tuple[str, str]:
        """The only places a browser may speak to."""
        return self.url, self.standins

    def crashes(self) -> list[str]:
        """The log's lines about requests that ended in a defect of ours."""
        return [line for line in _text(self.instance / LOG) if "request.crashed" in line]

    def command(self, *arguments: str) -> None:
        """Run an operator's command (`flask --app wsgi …`). Raises CalledProcessError."""
        flask = Path(sys.executable).with_name("flask")
        subprocess.run(
            [flask, "--app", "wsgi", *arguments],
            cwd=ROOT, env=_environment(self.instance), check=True, capture_output=True,
        )  # fmt: skip

    def made(self, module: str, *arguments: str) -> Any:
        """What a module of the tests prints as JSON, run on the portal's own database."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT, env=_environment(self.instance), check=True, capture_output=True,
        )  # fmt: skip
        return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def running(instance: Path, scale: str = SCALE) -> Iterator[LivePortal]:
    """Run everything while the block runs. Raises RuntimeError, with the log's end, where it
    does not come up.
    """
    port = _free_pair()
    instance.mkdir(parents=True, exist_ok=True)
    url = f"http://localhost:{port}"  # a name, so that there are passkeys
    environment = _environment(instance) | {"PORT": str(port), "SCALE": scale, "PUBLIC_URL": url}
    with (instance / OUTPUT).open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.serve"],
            cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        portal = LivePortal(url, f"http://127.0.0.1:{port + 1}", instance)
        try:
            _wait_until_ready(process, portal)
            yield portal
        finally:
            _stop(process)


def _environment(instance: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in OWN_SETTINGS}
    return kept | {"INSTANCE_DIR": str(instance)}


def _free_pair() -> int:
    """A free port whose next one is free too: the stand-ins take that."""
    while True:
        with closing(socket.socket()) as first, closing(socket.socket()) as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def _wait_until_ready(process: "subprocess.Popen[bytes]", portal: LivePortal) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _ready(portal):
            return
        time.sleep(0.2)
    said = [*_text(portal.instance / OUTPUT), *_text(portal.instance / LOG)]
    raise RuntimeError("\n".join(["the portal did not come up:", *said[-40:]]))


def _text(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []


def _ready(portal: LivePortal) -> bool:
    try:
        answers = [requests.get(f"{portal.url}/readyz", timeout=5),
                   requests.get(f"{portal.standins}/", timeout=5)]  # fmt: skip
    except requests.RequestException:
        return False
    return all(answer.ok for answer in answers)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
