"""flask token …: bearer tokens for operators and tests."""

from datetime import timedelta

import click

from auth.services.sign_in import PORTAL_SCOPE, find_by_username, issue_token
from core.database import transaction

LONGEST_DAYS = 365


@click.group()
def token() -> None:
    """Bearer tokens for the API."""


@token.command()
@click.option("--account", "username", required=True, help="The account's sign-in name.")
@click.option(
    "--days",
    type=click.IntRange(1, LONGEST_DAYS),
    default=1,
    show_default=True,
    help="How long it works.",
)
def issue(username: str, days: int) -> None:
    """Print a new token that acts as the account. Whoever has it can do what the account can.

    Example: flask --app wsgi token issue --account demo-registrar
    """
    with transaction() as session:
        account = find_by_username(session, username)
        if account is None or account.disabled_at is not None:
            raise click.ClickException(f"there is no active account {username}")
        lifetime = timedelta(days=days)
        click.echo(issue_token(session, account.id, scope=PORTAL_SCOPE, lifetime=lifetime))
