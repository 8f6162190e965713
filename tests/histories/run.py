"""`python -m tests.histories.run [--seconds 60] [--clients 64] [--seed 1] [--kills 0.7]`

Many clients at once against a served portal whose workers are killed meanwhile, and the proof that
what they saw is what one client after the other could have seen (``tests.histories`` says what
that means and what not).

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
from collections.abc import Callable, Iterator, Sequence
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
from tests.histories.overlaps import blurred
from tests.histories.world import NOW, Snapshot
from tests.model.state import LIVE, OPEN, Frame, Line, Ref, State
from tests.model.steps import (
    Cancel,
    Change,
    Confirm,
    Group,
    Join,
    Lapse,
    Leave,
    Poll,
    Show,
    Take,
    Together,
    Turn,
)

DEPARTMENTS, RESIDENTS = 8, 12
APPLICATION = "tests.histories.served:make_app()"
ROUND_SECONDS, MOST_SECONDS = 0.8, 150
WORKERS = 4


class Segment(NamedTuple):
    """What was done in a department, known by its number, between two moments at rest."""

    department: int
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

    @property
    def offers(self) -> int:
        """How many places were offered, for all that was heard."""
        answers = [each.answer for each in self.operations]
        return sum(isinstance(each, Turn) and each.offer is not None for each in answers)

    @property
    def families(self) -> int:
        """How many were told that they had places together."""
        return sum(isinstance(each.answer, Together) for each in self.operations)

    def __str__(self) -> str:
        kinds = Counter(type(each.step).__name__ for each in self.operations)
        lost = sum(each.lost for each in self.operations)
        listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        return (
            f"{len(self.operations)} operations in {self.seconds:.0f} s ({listed}),"
            f" {self.offers} offers, {self.families} families booked,"
            f" {self.kills} kills, {lost} lost answers, {len(self.segments)} segments"
        )


def record(
    port: int,
    seconds: float,
    clients: int,
    seed: int,
    kills: float,
    enough: Callable[[Run], bool] = lambda _: True,
    faults: Sequence[str | None] = (None,),
) -> Run:
    """Let the clients loose for so long, with so many kills a second; on a busy machine longer,
    until it is ``enough``, or for MOST_SECONDS. The clients of each department ask for one of the
    faults in turn.
    """
    run, chance = Run(), random.Random(seed)
    departments = world.build(DEPARTMENTS, RESIDENTS, capacity=3, referral=1)
    ledgers = [Ledger(department) for department in departments]
    crowd = [
        Client(
            port,
            ledgers[i % DEPARTMENTS],
            random.Random(chance.random()),
            faults[i % DEPARTMENTS % len(faults)],
        )
        for i in range(clients)
    ]
    begun = time.monotonic()
    with ThreadPoolExecutor(clients) as pool, _killing(port, kills, chance, run):
        while (run.seconds < seconds or not enough(run)) and run.seconds < MOST_SECONDS:
            begins = [_begin(ledger) for ledger in ledgers]
            until = time.monotonic() + ROUND_SECONDS
            list(pool.map(Client.work, crowd, repeat(until)))
            _rest()
            for i, (ledger, begin) in enumerate(zip(ledgers, begins, strict=True)):
                end = world.snapshot(ledger.department)
                frame = ledger.department.frame
                run.segments.append(Segment(i, frame, begin.state, ledger.operations, end.state))
            run.seconds = time.monotonic() - begun
    for client in crowd:
        client.close()
    return run


def _begin(ledger: Ledger) -> Snapshot:
    world.refresh(ledger.department)
    begin = world.snapshot(ledger.department)
    ledger.operations = []
    ledger.know(begin)
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
    begin, ended = _needed(segment)
    over = frozenset(each.person for each in begin.bookings.values() if each.over(NOW))
    bookings = dict(segment.end.bookings)
    operations = blurred(segment.frame, bookings, _with_needed_keys(segment.operations), over)

    def ends(state: State) -> bool:
        return (state.slots, state.bookings, state.waits) == (
            ended.slots, ended.bookings, ended.waits,
        )  # fmt: skip

    verdict = check(segment.frame, begin, operations, ends, NOW)
    if verdict.order is not None:
        return None
    lines = [f"  {each.called:.4f} {each.returned:.4f} {each.step} -> {each.answer}"
             for each in sorted(operations, key=lambda each: each.called)]  # fmt: skip
    told = f"{verdict.explained} of {len(operations)} operations explained"
    return "\n".join([told, f"  from {begin}", *lines, f"  to {ended}"])


def _needed(segment: Segment) -> tuple[State, State]:
    """The begin and the end without what ended before and nobody asked of."""
    begin, end = segment.begin, segment.end
    refs: set[Ref] = set()
    lines: set[Line] = set()
    for each in segment.operations:
        match each.step:
            case Confirm(ref) | Cancel(ref) | Change(ref) | Lapse(ref) | Show(ref):
                refs.add(ref)
            case Poll(line) | Leave(line):
                lines.add(line)
    bookings = {
        ref: booking
        for ref, booking in begin.bookings.items()
        if booking.state in LIVE or ref in refs or booking.former in refs
    }
    waits = {
        line: wait for line, wait in begin.waits.items() if wait.state in OPEN or line in lines
    }

    def there(ref: Ref) -> bool:
        return ref in bookings or ref not in begin.bookings

    left_bookings = {ref: each for ref, each in end.bookings.items() if there(ref)}
    left_waits = {
        line: each for line, each in end.waits.items() if line in waits or line not in begin.waits
    }
    return (
        State(begin.slots, bookings, waits),
        State(end.slots, left_bookings, left_waits),
    )


def _with_needed_keys(operations: list[Operation]) -> list[Operation]:
    """Keys of requests that were not repeated say nothing and would make states differ."""
    keyed = Take | Group | Join
    used = Counter(each.step.key for each in operations if isinstance(each.step, keyed))
    return [
        each._replace(step=each.step._replace(key=None))
        if isinstance(each.step, keyed) and used[each.step.key] == 1
        else each
        for each in operations
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Record and prove; 1 where the history is not linearizable."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories.run")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--application", default=APPLICATION)
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
