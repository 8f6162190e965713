"""`python -m tests.histories.run [--seconds 60] [--clients 64] [--seed 1] [--kills 0.7]`

Many clients at once against a served portal whose workers are killed meanwhile, and the proof that
what they saw is what one client after the other could have seen.

The clients pause every second. At rest the database is read: what lies between two readings is a
segment that is proved by itself, from the one state to the other, department by department.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import psutil

from bench import server
from tests.histories import world
from tests.histories.clients import Client, Ledger
from tests.histories.linear import Operation, check
from tests.histories.world import NOW, Snapshot
from tests.model.places import LIVE, Cancel, Change, Confirm, Frame, Lapse, State, Take

DEPARTMENTS, RESIDENTS = 8, 12
ROUND_SECONDS = 0.8
WORKERS = 4


class Segment(NamedTuple):
    """What was done in a department between two moments at rest."""

    frame: Frame
    begin: State
    operations: list[Operation]
    end: State


@dataclass
class Run:
    """What was recorded, and what came of proving it."""

    segments: list[Segment] = field(default_factory=list)
    kills: int = 0
    seconds: float = 0

    @property
    def operations(self) -> list[Operation]:
        """Of all segments."""
        return [each for segment in self.segments for each in segment.operations]

    def __str__(self) -> str:
        kinds = Counter(type(each.step).__name__ for each in self.operations)
        lost = sum(each.lost for each in self.operations)
        listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        return (
            f"{len(self.operations)} operations in {self.seconds:.0f} s ({listed}),"
            f" {self.kills} kills, {lost} lost answers, {len(self.segments)} segments"
        )


def record(port: int, seconds: float, clients: int, seed: int, kills: float, least: int = 0) -> Run:
    """Let the clients loose for so long, with so many kills a second; on a busy machine longer,
    until there are ``least`` operations.
    """
    run, chance = Run(), random.Random(seed)
    departments = world.build(DEPARTMENTS, RESIDENTS, referral=1)
    ledgers = [Ledger(department) for department in departments]
    crowd = [
        Client(port, ledgers[i % DEPARTMENTS], random.Random(chance.random()))
        for i in range(clients)
    ]
    begun = time.monotonic()
    with ThreadPoolExecutor(clients) as pool, _killing(port, kills, chance, run):
        while time.monotonic() - begun < seconds or len(run.operations) < least:
            begins = [_begin(ledger) for ledger in ledgers]
            until = time.monotonic() + ROUND_SECONDS
            list(pool.map(Client.work, crowd, repeat(until)))
            _rest()
            for ledger, begin in zip(ledgers, begins, strict=True):
                end = world.snapshot(ledger.department)
                run.segments.append(
                    Segment(ledger.department.frame, begin.state, ledger.operations, end.state)
                )
    run.seconds = time.monotonic() - begun
    for client in crowd:
        client.close()
    return run


def _begin(ledger: Ledger) -> Snapshot:
    world.refresh(ledger.department)
    begin = world.snapshot(ledger.department)
    ledger.operations = []
    ledger.ids.update(begin.ids)
    for ref, booking in begin.state.bookings.items():
        ledger.owners[ref] = booking.person
        if booking.state in LIVE and ref not in ledger.recent:
            ledger.recent.append(ref)
    return begin


def _rest() -> None:
    while not world.settled():
        time.sleep(0.01)


@contextmanager
def _killing(port: int, a_second: float, chance: random.Random, run: Run) -> Iterator[None]:
    """Kill the server's workers, one at a time, at random moments."""
    ended = threading.Event()

    def kill() -> None:
        while not ended.wait(chance.expovariate(a_second)):
            workers = workers_of(port)
            if workers:
                os.kill(chance.choice(workers), signal.SIGKILL)
                run.kills += 1

    thread = threading.Thread(target=kill)
    if a_second:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if a_second:
            thread.join()


def workers_of(port: int) -> list[int]:
    """The processes that answer on this port: children of the one that this process started."""
    own = psutil.Process().children()
    masters = [each for each in own if f"127.0.0.1:{port}" in each.cmdline()]
    return [worker.pid for master in masters for worker in master.children()]


def prove(segments: Sequence[Segment]) -> str | None:
    """None where each segment has an order; else the first that has none, in words."""
    for number, segment in enumerate(segments):
        if refuted := prove_one(segment):
            return f"segment {number}: {refuted}"
    return None


def prove_one(segment: Segment) -> str | None:
    """None where the segment has an order; else how far one could be found."""
    operations = _with_needed_keys(segment.operations)
    asked = {
        each.step.ref
        for each in operations
        if isinstance(each.step, Confirm | Cancel | Change | Lapse)
    }
    begin = segment.begin
    kept = {
        ref: booking
        for ref, booking in begin.bookings.items()
        if booking.state in LIVE or ref in asked or booking.former in asked
    }
    new = {ref: b for ref, b in segment.end.bookings.items() if ref not in begin.bookings}
    expected = {ref: segment.end.bookings[ref] for ref in kept} | new
    ended = segment.end

    def ends(state: State) -> bool:
        return (state.slots, state.waiting, state.bookings) == (
            ended.slots, ended.waiting, expected,
        )  # fmt: skip

    start = State(begin.slots, kept, begin.waiting)
    verdict = check(segment.frame, start, operations, ends, NOW)
    if verdict.order is not None:
        return None
    lines = [f"  {each.called:.4f} {each.returned:.4f} {each.step} -> {each.answer}"
             for each in sorted(operations, key=lambda each: each.called)]  # fmt: skip
    told = f"{verdict.explained} of {len(operations)} operations explained"
    return "\n".join([told, f"  from {start}", *lines, f"  to {ended.slots} {expected}"])


def _with_needed_keys(operations: list[Operation]) -> list[Operation]:
    """Keys of requests that were not repeated say nothing and would make states differ."""
    used = Counter(each.step.key for each in operations if isinstance(each.step, Take))
    return [
        each._replace(step=each.step._replace(key=None))
        if isinstance(each.step, Take) and used[each.step.key] == 1
        else each
        for each in operations
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Record and prove; 1 where the history is not linearizable."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories.run")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--application", default="wsgi:app")
    parser.add_argument("--kills", type=float, default=0.7, help="killed workers a second")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kangqiao-history-") as scratch:
        server.configure(Path(scratch))
        from bench.world import migrated

        url = migrated(Path(scratch), "history")
        with serving(asked.application, url) as port:
            run = record(port, asked.seconds, asked.clients, asked.seed, asked.kills)
    print(run, flush=True)
    begun = time.monotonic()
    refuted = prove(run.segments)
    print(refuted or "linearizable", f"(checked in {time.monotonic() - begun:.1f} s)")
    return 1 if refuted else 0


@contextmanager
def serving(application: str, url: str) -> Iterator[int]:
    """The portal on this database, here and on a port."""
    from core import database
    from portal.factory import load_rooms

    engine = database.make_engine(url, 16)
    database.use(engine)
    load_rooms()
    with server.serving(application, url, WORKERS) as port:
        yield port
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
