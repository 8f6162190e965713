"""The worker runs jobs as the tests do: a job may queue another in its own transaction."""

import asyncio
import io
import json
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog
from apiflask import APIFlask
from procrastinate import RetryStrategy
from procrastinate.periodic import PeriodicRegistry
from sqlalchemy import Engine, text

from core import jobs
from core.database import plain_url, transaction
from core.events import deliver
from core.web import logs

SECRET = "a name that no log may hold"


def stumble(body: str) -> None:
    """A job that fails, quoting what it was given."""
    raise ValueError(body)


@pytest.fixture
def written(app: APIFlask) -> Iterator[io.StringIO]:
    """What is logged from now on, as a process writes it."""
    before = structlog.get_config()
    log = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", log)
        logs.configure()
        yield log
    structlog.configure(**before)


def queue_one() -> None:
    with transaction() as session:
        jobs.defer(session, deliver, title="test", body={})


def test_a_job_of_the_worker_queues_another(app: APIFlask, committed_database: Engine) -> None:
    url = plain_url(committed_database.url.render_as_string(hide_password=False))

    async def work() -> None:
        with jobs.app.replace_connector(jobs.WorkerConnector(conninfo=url)) as worker_app:
            async with worker_app.open_async():
                await asyncio.to_thread(queue_one)

    asyncio.run(work())
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 1


def test_slow_others_do_not_hold_up_our_own_work(
    committed_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.app, "tasks", {**jobs.app.tasks})
    monkeypatch.setattr(jobs.app, "periodic_registry", PeriodicRegistry())  # type: ignore[no-untyped-call]
    ours = threading.Event()
    told: list[bool] = []

    def wait_for_others() -> None:
        told.append(ours.wait(10))

    jobs.outside_job(wait_for_others)
    jobs.job(work := lambda: ours.set())
    with transaction() as session:
        for _ in range(2):
            jobs.defer(session, wait_for_others)
        jobs.defer(session, work)
    url = committed_database.url.render_as_string(hide_password=False)
    jobs.run_worker(plain_url(url), concurrency=2, wait=False)
    assert told == [True, True]


def test_what_waits_for_addresses_that_others_chose_has_a_queue_of_its_own(app: APIFlask) -> None:
    slow = {name for name, task in jobs.app.tasks.items() if task.queue == jobs.OUTSIDE}
    assert slow == {"auth.jobs.tell_application", "appointments.jobs.call_hospital"}
    assert {task.queue for task in jobs.app.tasks.values()} - {"builtin"} == {
        jobs.QUEUE,
        jobs.OUTSIDE,
    }


@pytest.mark.parametrize(("retry", "retried"), [(jobs.RETRY, True), (False, False)])
def test_a_failed_job_is_logged_with_its_trace_and_without_its_arguments(
    written: io.StringIO,
    committed_database: Engine,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    retry: RetryStrategy | bool,
    retried: bool,
) -> None:
    monkeypatch.setattr(jobs.app, "tasks", {**jobs.app.tasks})
    # A scheduled job that happens to be due would be worked too.
    monkeypatch.setattr(jobs.app, "periodic_registry", PeriodicRegistry())  # type: ignore[no-untyped-call]
    task = jobs.app.task(name="tests.stumble", retry=retry)(stumble)
    with transaction() as session:
        jobs.defer_by_name(session, task.name, body=SECRET)
    jobs.run_worker(
        plain_url(committed_database.url.render_as_string(hide_password=False)), wait=False
    )
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [(line["task"], line["attempt"], line["retried"]) for line in lines] == [
        (task.name, 1, retried)
    ]
    assert "builtins.ValueError" in lines[0]["exception"]
    assert "in stumble" in lines[0]["exception"]
    assert SECRET not in written.getvalue() + caplog.text
