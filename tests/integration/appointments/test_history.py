"""64 clients, workers killed meanwhile: what they saw is what one after the other could have seen.
`python -m tests.histories.run` does the same for as long as one likes.
"""

from contextlib import AbstractContextManager

from apiflask import APIFlask
from sqlalchemy import Engine

from bench import server
from tests.histories.faulty import FAULTS
from tests.histories.run import (
    APPLICATION,
    WORKERS,
    Run,
    Segment,
    prove,
    prove_one,
    record,
)
from tests.model.steps import Seen

# At least so many operations, however busy the machine.
CLIENTS, SEED, LEAST = 64, 2026, 400


class Hunt:
    """Which of the planted faults no segment has shown yet; each is proved once."""

    def __init__(self) -> None:
        self.hidden = set(FAULTS)
        self._proved = 0

    def over(self, run: Run) -> bool:
        """Whether all are found."""
        for segment in run.segments[self._proved :]:
            fault = FAULTS[segment.department % len(FAULTS)]
            if fault in self.hidden and prove_one(segment):
                self.hidden.remove(fault)
        self._proved = len(run.segments)
        return not self.hidden


def much(run: Run) -> bool:
    """Whether enough has happened to say something."""
    return len(run.operations) >= LEAST and bool(run.kills and run.offers and run.families)


def test_what_many_clients_saw_is_linearizable(app: APIFlask, committed_database: Engine) -> None:
    with serving(committed_database, APPLICATION) as port:
        run = record(port, 7, CLIENTS, SEED, kills=1, enough=much)
    assert much(run), str(run)
    assert prove(run.segments) is None, str(run)
    # The proof can fail: with one answer altered there is no such order any more.
    altered = [each for segment in run.segments if (each := with_another_number(segment))]
    assert altered
    assert all(map(prove_one, altered))


def test_planted_faults_are_found(app: APIFlask, committed_database: Engine) -> None:
    """What was confirmed is still held, a place is lost to those who wait, a family books half."""
    hunt = Hunt()
    with serving(committed_database, "tests.histories.faulty:make_app()") as port:
        record(port, 0, CLIENTS, SEED, kills=0, enough=hunt.over, faults=FAULTS)
    assert not hunt.hidden


def serving(engine: Engine, application: str) -> AbstractContextManager[int]:
    url = engine.url.render_as_string(hide_password=False)
    return server.serving(application, url, WORKERS)


def with_another_number(segment: Segment) -> Segment | None:
    """As if a client had been told the number after the one it was given."""
    for i, each in enumerate(segment.operations):
        answer = each.answer
        if isinstance(answer, Seen) and answer.state == "booked":
            ref = answer.ref._replace(number=answer.ref.number + 1)
            changed = each._replace(answer=answer._replace(ref=ref))
            others = (*segment.operations[:i], changed, *segment.operations[i + 1 :])
            return segment._replace(operations=list(others))
    return None
