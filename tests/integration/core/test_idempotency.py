"""The same key and body get the stored answer; another body is refused."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import BaseModel
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.database import transaction
from core.errors import Conflict, Invalid
from core.idempotency import LONGEST_KEY, run_once
from core.ids import new_id


class Answer(BaseModel):
    """What the work gives."""

    number: int


def test_a_retry_gets_the_stored_answer(session: Session) -> None:
    account, numbers = new_id(), iter(range(1, 10))
    for _ in range(3):
        with transaction() as work:
            answer = run_once(
                work, account, "k", b"same", Answer, lambda: Answer(number=next(numbers))
            )
        assert answer.number == 1


def test_the_same_key_with_another_body_is_refused(session: Session) -> None:
    account = new_id()
    with transaction() as work:
        run_once(work, account, "k", b"one", Answer, lambda: Answer(number=1))
    with pytest.raises(Conflict) as refusal, transaction() as work:
        run_once(work, account, "k", b"two", Answer, lambda: Answer(number=2))
    assert refusal.value.code == "idempotency_mismatch"


def test_keys_of_two_accounts_do_not_meet(session: Session) -> None:
    numbers = iter((1, 2))
    given = []
    for _ in range(2):
        with transaction() as work:
            answer = run_once(
                work, new_id(), "k", b"same", Answer, lambda: Answer(number=next(numbers))
            )
        given.append(answer.number)
    assert given == [1, 2]


def test_a_failed_try_leaves_the_key_free(session: Session) -> None:
    account = new_id()

    def refuse() -> Answer:
        raise Invalid()

    with pytest.raises(Invalid), transaction() as work:
        run_once(work, account, "k", b"same", Answer, refuse)
    with transaction() as work:
        answer = run_once(work, account, "k", b"same", Answer, lambda: Answer(number=7))
    assert answer.number == 7


def test_an_endless_key_is_refused(session: Session) -> None:
    with pytest.raises(Invalid), transaction() as work:
        run_once(work, new_id(), "k" * (LONGEST_KEY + 1), b"", Answer, lambda: Answer(number=1))


def test_concurrent_retries_do_the_work_once(committed_database: Engine) -> None:
    account = new_id()
    done = []

    def once(_: int) -> int:
        def work() -> Answer:
            done.append(1)
            return Answer(number=len(done))

        with transaction() as session:
            return run_once(session, account, "k", b"same", Answer, work).number

    with ThreadPoolExecutor(8) as pool:
        numbers = set(pool.map(once, range(8)))
    assert numbers == {1}
    assert len(done) == 1
