"""64 clients, workers killed meanwhile: what they saw is what one after the other could have seen.
`python -m tests.histories.run` does the same for as long as one likes.
"""

from apiflask import APIFlask
from sqlalchemy import Engine

from bench import server
from tests.histories.run import WORKERS, Run, Segment, prove, prove_one, record
from tests.model.places import Seen

# At least so many operations, however busy the machine.
CLIENTS, SEED, LEAST = 64, 2026, 400


def recorded(engine: Engine, application: str, seconds: float, kills: float) -> Run:
    url = engine.url.render_as_string(hide_password=False)
    with server.serving(application, url, WORKERS) as port:
        return record(port, seconds, CLIENTS, SEED, kills, LEAST)


def test_what_many_clients_saw_is_linearizable(app: APIFlask, committed_database: Engine) -> None:
    run = recorded(committed_database, "wsgi:app", seconds=7, kills=1)
    assert run.kills
    assert prove(run.segments) is None, str(run)
    # The proof can fail: with one answer altered there is no such order any more.
    altered = [each for segment in run.segments if (each := with_another_number(segment))]
    assert altered
    assert all(map(prove_one, altered))


def test_a_planted_fault_is_found(app: APIFlask, committed_database: Engine) -> None:
    run = recorded(committed_database, "tests.histories.faulty:make_app()", seconds=4, kills=0)
    refuted = prove(run.segments)
    assert refuted
    assert "Confirm" in refuted


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
