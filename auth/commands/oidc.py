"""flask oidc …: the applications that sign people in through the portal."""

import click
from pydantic import ValidationError

from auth.schemas.sso import RegisterClient, Scope, SigningAlgorithm
from auth.services.clients import create_client, ensure_client
from core.database import transaction
from core.errors import PortalError


@click.group()
def oidc() -> None:
    """Single sign-on (OpenID Connect)."""


@oidc.group()
def client() -> None:
    """Applications that may sign people in."""


@client.command()
@click.option("--client-id", help="Its name in the protocol, for good; else one is made.")
@click.option("--name", required=True, help="What people see on the consent page.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, required=True,
              help="Where it gets codes: exact, https, on one host. May be repeated.")  # fmt: skip
@click.option("--post-logout-redirect-uri", "post_logout_redirect_uris", multiple=True,
              help="Where people land after signing out. May be repeated.")  # fmt: skip
@click.option("--scope", "scopes", multiple=True, type=click.Choice(list(Scope)),
              default=[Scope.OPENID, Scope.PROFILE], show_default=True,
              help="The most it may ask for. May be repeated.")  # fmt: skip
@click.option("--algorithm", type=click.Choice(list(SigningAlgorithm)), show_default=True,
              default=SigningAlgorithm.ES256, help="How its ID tokens are signed.")  # fmt: skip
@click.option("--public", is_flag=True, help="No secret: runs in a browser or on a phone.")
@click.option("--secret", envvar="OIDC_CLIENT_SECRET", show_envvar=True,
              help="Its secret, 32 characters or more; else one is made.")  # fmt: skip
@click.option("--exist-ok", is_flag=True, help="Change the registered one to these values.")
def create(exist_ok: bool, **given: object) -> None:
    """Register an application and print its secret, once.

    Example: flask --app wsgi oidc client create --client-id clinic --name 'A clinic'
    --redirect-uri https://clinic.example/callback
    """
    try:
        command = RegisterClient.model_validate({k: v for k, v in given.items() if v is not None})
        with transaction() as session:
            made = (ensure_client if exist_ok else create_client)(session, command)
    except ValidationError as error:
        raise click.UsageError("; ".join(_sentence(dict(e)) for e in error.errors())) from None
    except PortalError as error:
        raise click.ClickException(str(error.message)) from None
    click.echo(f"Client id: {made.client_id}")
    if made.secret:
        click.echo(f"Client secret (shown once): {made.secret}")


def _sentence(problem: dict[str, object]) -> str:
    place = problem["loc"]
    field = str(place[0]) if isinstance(place, tuple) and place else ""
    return f"{field}: {str(problem['msg']).removeprefix('Value error, ')}".lstrip(": ")
