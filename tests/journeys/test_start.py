"""`make run` after a kill, and its end."""

import tempfile
from pathlib import Path

import psutil

from portal.serve import PIDS
from tests.journeys.live import LivePortal, running


def test_what_was_killed_starts_again_and_ends_whole() -> None:
    """Neither what the killed one left behind stays nor, in the end, the database."""
    with (
        tempfile.TemporaryDirectory(prefix="kangqiao-start-") as instance,
        running(Path(instance)) as killed,
    ):
        orphans = _children(killed)
        parent = psutil.Process(orphans[0].ppid())
        parent.kill()
        parent.wait()
        with running(Path(instance)) as again:
            left = [each for each in orphans if _runs(each)]
            own = [*_children(again), _database(again)]
            lives = [_runs(each) for each in own]
        stays = [each for each in own if _runs(each)]
    assert not left
    assert lives == [True] * 4
    assert not stays


def _runs(process: psutil.Process) -> bool:
    """Whether it is there, and more than an entry that nobody asked after."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _children(portal: LivePortal) -> list[psutil.Process]:
    return [psutil.Process(int(pid)) for pid in (portal.instance / PIDS).read_text().split()]


def _database(portal: LivePortal) -> psutil.Process:
    file = portal.instance / "postgres" / "postmaster.pid"
    return psutil.Process(int(file.read_text().split()[0]))
