"""flask oidc …: the applications that sign people in through the portal, and the reverse."""

import json
from typing import IO

import click
from pydantic import ValidationError

from auth.commands.upstream import upstream
from auth.schemas.applications import Icon, Placement
from auth.schemas.sso import GrantType, RegisterClient, Scope, SigningAlgorithm
from auth.services.applications import place_client
from auth.services.clients import (
    create_client,
    end_old_client_secret,
    ensure_client,
    stage_client_secret,
)
from auth.services.signing import list_keys, replace_keys, rotate_keys
from core.access import Role
from core.database import transaction
from core.errors import PortalError


@click.group()
def oidc() -> None:
    """Single sign-on (OpenID Connect)."""


oidc.add_command(upstream)


@oidc.group()
def client() -> None:
    """Applications that may sign people in."""


@client.command()
@click.option("--client-id", help="Its name in the protocol, for good; else one is made.")
@click.option("--name", required=True, help="What people see on the consent page.")
@click.option("--grant", "grants", multiple=True,
              type=click.Choice([grant.value for grant in GrantType]),
              default=[GrantType.CODE.value], show_default=True,
              help="How it comes to tokens. May be repeated.")  # fmt: skip
@click.option("--redirect-uri", "redirect_uris", multiple=True,
              help="Where it gets codes: exact, https, on one host. May be repeated.")  # fmt: skip
@click.option("--post-logout-redirect-uri", "post_logout_redirect_uris", multiple=True,
              help="Where people land after signing out. May be repeated.")  # fmt: skip
@click.option("--backchannel-logout-uri",
              help="Where it is told that a session has ended.")  # fmt: skip
@click.option("--require-par", is_flag=True, help="Take pushed authorization requests only.")
@click.option("--scope", "scopes", multiple=True,
              type=click.Choice([scope.value for scope in Scope]),
              default=[Scope.OPENID.value, Scope.PROFILE.value], show_default=True,
              help="The most it may ask for. May be repeated.")  # fmt: skip
@click.option("--service-scope", "service_scopes", multiple=True,
              help="What it may do by itself (client_credentials). May be repeated.")  # fmt: skip
@click.option("--guarded-scope", "guarded_scopes", multiple=True,
              help="A scope of its API, whose tokens it may look up. Repeatable.")  # fmt: skip
@click.option("--algorithm", show_default=True,
              type=click.Choice([algorithm.value for algorithm in SigningAlgorithm]),
              default=SigningAlgorithm.ES256.value,
              help="How its ID tokens are signed.")  # fmt: skip
@click.option("--public", is_flag=True, help="No secret: runs in a browser or on a phone.")
@click.option("--secret", envvar="OIDC_CLIENT_SECRET", show_envvar=True,
              help="Its secret, 32 characters or more; else one is made.")  # fmt: skip
@click.option("--unit", help="The division code or institution id that it belongs to.")
@click.option("--audience", multiple=True, type=click.Choice([role.value for role in Role]),
              help="A role whose people there get its tile. May be repeated.")  # fmt: skip
@click.option("--launch-url", help="What its tile opens.")
@click.option("--icon", type=click.Choice([icon.value for icon in Icon]), show_default=True,
              default=Icon.APPS.value, help="The picture on its tile.")  # fmt: skip
@click.option("--jwks", type=click.File(encoding="utf-8"),
              help="Its public keys (JWK Set): it signs, and has no secret.")  # fmt: skip
@click.option("--exist-ok", is_flag=True, help="Change the registered one to these values.")
def create(exist_ok: bool, jwks: IO[str] | None, **given: object) -> None:
    """Register an application and print its secret, once.

    Example: flask --app wsgi oidc client create --client-id clinic --name 'A clinic'
    --redirect-uri https://clinic.example/callback
    """
    placement = {name: given.pop(name) for name in Placement.model_fields}
    if jwks is not None:
        given["jwks"] = _read_json(jwks)
    try:
        command = RegisterClient.model_validate({k: v for k, v in given.items() if v is not None})
        place = Placement.model_validate(placement) if placement["unit"] else None
        with transaction() as session:
            made = (ensure_client if exist_ok else create_client)(session, command)
            if place:
                place_client(session, made.client_id, place)
    except ValidationError as error:
        raise click.UsageError("; ".join(_sentence(dict(e)) for e in error.errors())) from None
    except PortalError as error:
        raise click.ClickException(str(error.message)) from None
    click.echo(f"Client id: {made.client_id}")
    if made.secret:
        click.echo(f"Client secret (shown once): {made.secret}")


@client.command("stage-secret")
@click.argument("client_id")
def stage_secret(client_id: str) -> None:
    """Print a new secret, once; the one before works too for 14 days, or until end-old-secret."""
    try:
        with transaction() as session:
            made = stage_client_secret(session, client_id)
    except PortalError as error:
        raise click.ClickException(str(error.message)) from None
    click.echo(f"Client secret (shown once): {made.secret}")


@client.command("end-old-secret")
@click.argument("client_id")
def end_old_secret(client_id: str) -> None:
    """Let only the newest secret work from now on."""
    try:
        with transaction() as session:
            end_old_client_secret(session, client_id)
    except PortalError as error:
        raise click.ClickException(str(error.message)) from None
    click.echo("Only the newest secret works now.")


@oidc.group()
def keys() -> None:
    """The keys that ID tokens are signed with. The worker rotates them every 90 days."""


@keys.command("list")
def show_keys() -> None:
    """The published keys: next, current and old."""
    with transaction() as session:
        for key in list_keys(session):
            since = f"{key.active_at:%Y-%m-%d %H:%M} UTC"
            click.echo(f"{key.algorithm.value}  {key.state.value:<7}  {since}  {key.kid}")


@keys.command()
@click.option("--compromised", is_flag=True,
              help="Withdraw all keys at once, with whatever they signed.")  # fmt: skip
def rotate(compromised: bool) -> None:
    """Publish the next keys now; they sign from a day later on."""
    with transaction() as session:
        made = replace_keys(session) if compromised else rotate_keys(session, now_due=True)
    for kid in made:
        click.echo(f"New key: {kid}")
    if not made:
        click.echo("The next keys are published already.")


def _read_json(file: IO[str]) -> object:
    try:
        return json.load(file)
    except ValueError:
        raise click.UsageError("--jwks: not a JSON file") from None


def _sentence(problem: dict[str, object]) -> str:
    place = problem["loc"]
    field = str(place[0]) if isinstance(place, tuple) and place else ""
    return f"{field}: {str(problem['msg']).removeprefix('Value error, ')}".lstrip(": ")
