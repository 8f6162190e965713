"""flask account …: for operators at the console, who need no policy; the history names them so."""

import click
from pydantic import TypeAdapter, ValidationError

from auth.organisation import organisation
from auth.schemas import GIVEN_ROLES, Username
from auth.services.accounts import add_grant, create_account, make_password
from core import history
from core.access import NOBODY, Actor, Role
from core.database import transaction
from core.errors import PortalError

OPERATOR = Actor(NOBODY, name="console", channel="console")


@click.group()
def account() -> None:
    """Accounts of staff and operators."""


@account.command()
@click.option("--username", required=True, help="The name to sign in with.")
@click.option("--name", required=True, help="The name that others see.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in GIVEN_ROLES]),
    help="A role to give at once; needs --unit.",
)
@click.option("--unit", help="The division code or institution id that the role holds on.")
@click.option("--ask", is_flag=True, help="Ask for the password instead of making one.")
def create(username: str, name: str, role: str | None, unit: str | None, ask: bool) -> None:
    """Create an account and print its initial password once.

    Example: flask --app wsgi account create --username li.admin --name Li --role administrator
    --unit 450800
    """
    _check(username)
    if (role is None) != (unit is None):
        raise click.UsageError("--role and --unit belong together")
    password = (
        click.prompt("Password", hide_input=True, confirmation_prompt=True)
        if ask
        else make_password()
    )
    try:
        _create(username, name, password, Role(role) if role else None, unit)
    except PortalError as error:
        sentences = [str(error.message), *(str(text) for text in error.fields.values())]
        raise click.ClickException(" ".join(dict.fromkeys(sentences))) from None
    click.echo(f"Created {username}.")
    if not ask:
        click.echo(f"Initial password (shown once): {password}")


def _check(username: str) -> None:
    try:
        TypeAdapter(Username).validate_python(username)
    except ValidationError:
        raise click.BadParameter(
            "3 to 64 of a-z, 0-9, dot, dash and underscore", param_hint="--username"
        ) from None


def _create(username: str, name: str, password: str, role: Role | None, unit: str | None) -> None:
    with transaction() as session:
        made = create_account(
            session,
            username=username,
            display_name=name,
            password=password,
            password_initial=True,
        )
        given = {"username": username, "display_name": name}
        history.note_creation(session, OPERATOR, "account", made, given)
        if role is None or unit is None:
            return
        place = organisation().units_by_code(session, [unit]).get(unit)
        if place is None:
            raise click.UsageError(f"there is no unit {unit}")
        add_grant(session, made.id, role, place.code, place.name)
        history.note(session, OPERATOR, "account", made, {f"role_{role}": [None, place.name]})
