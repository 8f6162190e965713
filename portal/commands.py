"""Commands of the portal itself."""

import click
from flask.cli import with_appcontext

from core import database, jobs
from core.access import book
from core.settings import settings
from portal import embedded
from portal.policy_matrix import policy_matrix


@click.command("worker")
@click.option("--concurrency", default=2, show_default=True, help="Jobs run at the same time.")
def worker(concurrency: int) -> None:
    """Run background and scheduled jobs until stopped."""
    chosen = settings()
    url = chosen.database_url or embedded.start(chosen.instance_dir)
    jobs.run_worker(database.plain_url(url), concurrency)


@click.group("policy")
def policy() -> None:
    """The policies of all rooms."""


@policy.command()
@with_appcontext
def matrix() -> None:
    """Print which role may do what, as docs/security/roles.md has it."""
    click.echo(policy_matrix(book()), nl=False)
