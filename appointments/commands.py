"""flask hospital-link …: hospitals' own systems, for set-ups that run without a browser."""

from uuid import UUID

import click

from appointments.services.hospital_links import ensure_link
from core.database import transaction
from core.errors import PortalError


@click.group("hospital-link")
def hospital_link() -> None:
    """Where hospitals' own systems answer."""


@hospital_link.command()
@click.option("--institution", type=click.UUID, required=True, help="The institution's id.")
@click.option("--url", required=True, help="Where its system answers.")
@click.option("--secret", envvar="HOSPITAL_LINK_SECRET", show_envvar=True, required=True,
              help="What both sides sign with: whsec_ and base64.")  # fmt: skip
def create(institution: UUID, url: str, secret: str) -> None:
    """Link a hospital and call it from now on, or bring its link to these values.

    Example: flask --app wsgi hospital-link create --institution ID --url https://his.example/portal
    """
    try:
        with transaction() as session:
            ensure_link(session, institution, url, secret)
    except PortalError as error:
        raise click.ClickException(str(error.message)) from None
    click.echo("Linked.")
