"""The worker runs jobs as the tests do: a job may queue another in its own transaction."""

import asyncio

from apiflask import APIFlask
from sqlalchemy import Engine, text

from core import jobs
from core.database import plain_url, transaction
from core.events import deliver


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
