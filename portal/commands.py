"""Commands of the portal itself."""

import click

from core import database, jobs
from core.settings import settings
from portal import embedded


@click.command("worker")
@click.option("--concurrency", default=2, show_default=True, help="Jobs run at the same time.")
def worker(concurrency: int) -> None:
    """Run background and scheduled jobs until stopped."""
    chosen = settings()
    url = chosen.database_url or embedded.start(chosen.instance_dir)
    jobs.run_worker(database.plain_url(url), concurrency)
