"""Events commit and roll back with the fact, and are handled effectively once."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from core import events
from core.database import transaction
from core.events import Event, deliver, publish, subscribe
from core.ids import new_id


class SomethingHappened(Event):
    """A fact of these tests."""

    thing_id: UUID


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[UUID]]:
    """The things that a subscriber was told of."""
    monkeypatch.setattr(events, "_subscribers", {})
    seen: list[UUID] = []

    def remember(session: Session, event: SomethingHappened) -> None:
        seen.append(event.thing_id)

    subscribe(SomethingHappened, remember)
    yield seen


def test_an_event_is_delivered_after_the_commit(
    session: Session, handled: list[UUID], run_jobs: Callable[[], int]
) -> None:
    fact = SomethingHappened(thing_id=new_id())
    with transaction() as work:
        publish(work, fact)
        assert handled == []
    assert run_jobs() == 1
    assert handled == [fact.thing_id]


def test_a_rolled_back_fact_is_not_announced(
    session: Session, handled: list[UUID], run_jobs: Callable[[], int]
) -> None:
    def fail() -> None:
        with transaction() as work:
            publish(work, SomethingHappened(thing_id=new_id()))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert run_jobs() == 0


def test_a_second_delivery_does_nothing(session: Session, handled: list[UUID]) -> None:
    fact = SomethingHappened(thing_id=new_id())
    body = fact.model_dump(mode="json")
    deliver(fact.title(), body)
    deliver(fact.title(), body)
    assert handled == [fact.thing_id]


def test_one_failing_subscriber_does_not_starve_the_others(
    session: Session, handled: list[UUID]
) -> None:
    tries = []

    def fail_once(session: Session, event: SomethingHappened) -> None:
        tries.append(event.thing_id)
        if len(tries) == 1:
            raise ValueError("first time")

    subscribe(SomethingHappened, fail_once)
    fact = SomethingHappened(thing_id=new_id())
    with pytest.raises(ValueError, match="first time"):
        deliver(fact.title(), fact.model_dump(mode="json"))
    deliver(fact.title(), fact.model_dump(mode="json"))
    assert handled == [fact.thing_id]
    assert len(tries) == 2
