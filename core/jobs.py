"""Background and scheduled work: procrastinate on the same PostgreSQL, so a job is a row in the
caller's transaction. Jobs run at least once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec

import procrastinate
import structlog
from procrastinate import JobContext, PsycopgConnector, RetryStrategy, SyncPsycopgConnector
from procrastinate.connector import BaseConnector
from procrastinate.worker import Worker
from sqlalchemy import text
from sqlalchemy.orm import Session

log = structlog.get_logger()
app = procrastinate.App(connector=SyncPsycopgConnector())
P = ParamSpec("P")
MOST_ATTEMPTS = 10
RETRY = RetryStrategy(max_attempts=MOST_ATTEMPTS, exponential_wait=2)
QUEUE = "default"
# What waits for addresses that others chose, so that none of them can hold up our own work.
OUTSIDE = "outside"
# A worker that has not been heard of for this long does not count as running.
HEARTBEAT_SECONDS = 60


def job(function: Callable[P, None]) -> Callable[P, None]:
    """Make ``function`` a job named after its module; its arguments must be JSON values."""
    app.task(name=_name(function), retry=RETRY)(function)
    return function


def outside_job(function: Callable[P, None]) -> Callable[P, None]:
    """As ``job``, for what waits for an address that others chose: in a queue of its own."""
    app.task(name=_name(function), retry=RETRY, queue=OUTSIDE)(function)
    return function


def scheduled(cron: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Run the function by ``cron`` (UTC), once however many workers run."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        def run(timestamp: int) -> None:
            del timestamp  # given by the scheduler; the clock is core.clock
            function()

        task = app.task(name=_name(function), retry=RETRY)(run)
        app.periodic(cron=cron)(task)
        return function

    return register


def defer(session: Session, function: Callable[..., None], **arguments: Any) -> None:
    """Queue a job in the caller's transaction: it commits and rolls back with it."""
    defer_by_name(session, _name(function), **arguments)


def defer_by_name(session: Session, name: str, **arguments: Any) -> None:
    """As ``defer``, by the job's registered name."""
    connection = session.connection().connection.driver_connection
    app.configure_task(name, connection=connection).defer(**arguments)


@app.periodic(cron="*/5 * * * *")
@app.task(name="core.jobs.retry_stalled", pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Hand on the jobs of a worker that died in the middle of them."""
    del timestamp
    manager = context.app.job_manager
    for stalled in await manager.get_stalled_jobs():
        await manager.retry_job(stalled)


def worker_alive(session: Session) -> bool:
    """Whether at least one worker has been heard of lately."""
    query = text(
        "SELECT count(*) FROM procrastinate_workers"
        " WHERE last_heartbeat > now() - make_interval(secs => :seconds)"
    )
    return bool(session.execute(query, {"seconds": HEARTBEAT_SECONDS}).scalar_one())


class WorkerConnector(PsycopgConnector):
    """Asynchronous for the worker itself. What its jobs queue goes through their own synchronous
    transaction, as everywhere else: an open asynchronous connector would refuse that connection.
    """

    def get_sync_connector(self) -> BaseConnector:
        """One that needs no pool: jobs always give it their connection."""
        return SyncPsycopgConnector()


async def log_failure(
    run: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker
) -> Any:
    """Around every job: say that it failed, where, and whether it will be tried again. Its row,
    found by its number, holds the arguments; the log does not.
    """
    del worker
    try:
        return await run()
    except Exception as error:
        current = context.job
        retry = context.task.get_retry_exception(error, current)
        log.exception(
            "job.failed",
            job_id=current.id,
            task=current.task_name,
            attempt=current.attempts + 1,
            retried=retry is not None,
        )
        raise


def run_worker(url: str, concurrency: int = 2, *, wait: bool = True) -> None:
    """Work until stopped, or without ``wait`` until nothing is due; blocks. Needs the rooms to be
    registered already. Of each queue ``concurrency`` jobs run at the same time.
    """
    # Its own account of a job's end quotes the arguments; log_failure gives ours.
    logging.getLogger("procrastinate.worker").addFilter(_not_the_end_of_a_job)
    with app.replace_connector(WorkerConnector(conninfo=url)) as worker_app:
        asyncio.run(_work(worker_app, concurrency, wait=wait))


async def _work(worker_app: procrastinate.App, concurrency: int, *, wait: bool) -> None:
    async with worker_app.open_async(), asyncio.TaskGroup() as group:
        workers = [
            group.create_task(
                worker_app.run_worker_async(
                    queues=[queue],
                    concurrency=concurrency,
                    delete_jobs="successful",
                    wait=wait,
                    # A signal has one handler; whom it stops takes the other along.
                    install_signal_handlers=queue == QUEUE,
                    worker_middleware=[log_failure],
                )
            )
            for queue in (QUEUE, OUTSIDE)
        ]
        if wait:
            await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
            for each in workers:
                each.cancel()


def _not_the_end_of_a_job(record: logging.LogRecord) -> bool:
    return not str(getattr(record, "action", "")).startswith("job_")


def _name(function: Callable[..., None]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
