"""flask oidc upstream …: other institutions' providers that people may sign in with."""

import click
from pydantic import ValidationError

from auth.commands.accounts import OPERATOR
from auth.queries.upstream import all_upstreams
from auth.schemas.applications import Icon
from auth.schemas.upstream import RegisterUpstream
from auth.services.upstream_administration import (
    add_upstream,
    close_upstream,
    ensure_upstream,
    find_by_issuer,
)
from core.database import transaction
from core.errors import PortalError


@click.group()
def upstream() -> None:
    """Providers that people may sign in with."""


@upstream.command()
@click.option("--issuer", required=True, help="Its address, as in its own metadata; for good.")
@click.option("--name", required=True, help="What people see on the sign-in page.")
@click.option("--client-id", required=True, help="What it calls us.")
@click.option("--client-secret", envvar="OIDC_UPSTREAM_SECRET", show_envvar=True,
              help="What it gave us; none for a public client.")  # fmt: skip
@click.option("--icon", type=click.Choice([icon.value for icon in Icon]), show_default=True,
              default=Icon.HOSPITAL.value, help="The picture on its button.")  # fmt: skip
@click.option("--scope", "scopes", multiple=True, default=["openid", "profile"],
              show_default=True, help="What to ask for. May be repeated.")  # fmt: skip
@click.option("--linking/--no-linking", default=True, show_default=True,
              help="Whether its people may join it to their account here.")  # fmt: skip
@click.option("--just-in-time", is_flag=True, help="Its people may open an account here.")
@click.option("--role-claim", help="The claim that role rules read; rules are made on its page.")
@click.option("--two-factor-value", "two_factor_values", multiple=True,
              help="A value of acr or amr that means two factors. May be repeated.")  # fmt: skip
@click.option("--phishing-resistant-value", "phishing_resistant_values", multiple=True,
              help="One that means a passkey or the like. May be repeated.")  # fmt: skip
@click.option("--exist-ok", is_flag=True, help="Change the registered one to these values.")
def create(exist_ok: bool, **given: object) -> None:
    """Let people sign in with a provider.

    Example: flask --app wsgi oidc upstream create --issuer https://id.hospital.example
    --name 'A hospital' --client-id kangqiao
    """
    lists = {name: list(value) for name, value in given.items() if isinstance(value, tuple)}
    try:
        command = RegisterUpstream.model_validate(given | lists)
        with transaction() as session:
            made = (ensure_upstream if exist_ok else add_upstream)(session, OPERATOR, command)
    except ValidationError as error:
        sentences = (f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
        raise click.UsageError("; ".join(sentences)) from None
    except PortalError as error:
        raise click.ClickException(str(error.message)) from None
    click.echo(f"Redirect address to register there: PUBLIC_URL/auth/upstream/{made.id}/callback")


@upstream.command("list")
def listing() -> None:
    """Print the providers."""
    with transaction() as session:
        for each in all_upstreams(session):
            state = "disabled" if each.disabled else "open"
            click.echo(f"{each.issuer}\t{each.name}\t{state}\t{each.people} people\t{each.id}")


@upstream.command()
@click.option("--issuer", required=True, help="The provider's address.")
def disable(issuer: str) -> None:
    """Close a provider: its sessions and the roles it gave end at once."""
    try:
        with transaction() as session:
            found = find_by_issuer(session, issuer)
            close_upstream(session, OPERATOR, found, found.version)
    except PortalError as error:
        raise click.ClickException(str(error.message)) from None
    click.echo(f"Closed {issuer}.")
