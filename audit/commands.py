"""flask audit …: for operators."""

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import text

from audit.copies import head_copies
from audit.queries.log import copied, export_lines, public_keys
from audit.queries.verification import verify_log
from audit.services.keys import rotate_key, signing_key
from audit.services.log import refill, seal
from core.database import transaction
from core.errors import PortalError

MOST_SHOWN = 50
DAY = click.DateTime(formats=["%Y-%m-%d"])
# All reads of a verification see the database as it was when it began.
ONE_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


@click.group()
def audit() -> None:
    """The signed log of the audit."""


@audit.command("seal")
def seal_command() -> None:
    """Take what waits into the log and sign its head now, as the worker does every minute."""
    click.echo(f"Sealed {seal(head_copies())} events.")


@audit.command()
def verify() -> None:
    """Hold events, leaves, heads and their copies against each other; 1 if anything is wrong."""
    place = head_copies()
    with transaction() as session:
        once = max(copied(session), place.highest())
    copies = list(place.lines())
    with transaction() as session:
        session.execute(ONE_SNAPSHOT)
        result = verify_log(session, copies, once)
    for finding in result.findings[:MOST_SHOWN]:
        click.echo(finding)
    looked = f"{result.leaves} events, {result.heads} heads, {result.copies} copies"
    if result.findings:
        raise click.ClickException(f"{len(result.findings)} findings among {looked}.")
    click.echo(f"Verified: {looked}; all fit together.")


@audit.command("refill-copies")
def refill_command() -> None:
    """Copy anew the heads that the second place lost, once you know why it did."""
    click.echo(f"Copied {refill(head_copies())} heads.")


@audit.command()
@click.option("--from", "since", type=DAY, required=True, help="The first day, YYYY-MM-DD.")
@click.option("--to", "until", type=DAY, required=True, help="The last day.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, writable=True))
def export(since: datetime, until: datetime, file: Path) -> None:
    """Write what was sealed on these days to FILE, and the public keys to FILE.pem.

    Verify it anywhere: python -m audit.verifier FILE FILE.pem, better with the keys that were
    published before.
    """
    try:
        with transaction() as session, file.open("wb") as out:
            key = signing_key(session)
            out.writelines(export_lines(session, since.date(), until.date(), key))
            keys = public_keys(session)
    except PortalError as error:
        file.unlink(missing_ok=True)
        raise click.ClickException(str(error.message)) from None
    Path(f"{file}.pem").write_text(keys, encoding="utf-8")
    click.echo(f"Wrote {file} and {file}.pem.")


@audit.command("public-keys")
def public_keys_command() -> None:
    """Print the public keys, to be published where the portal's operators cannot change them."""
    with transaction() as session:
        click.echo(public_keys(session), nl=False)


@audit.command("rotate-key")
def rotate_key_command() -> None:
    """Sign with a new key from now on, and print it. The old private key is destroyed."""
    with transaction() as session:
        key = rotate_key(session)
    click.echo(f"Key {key.kid} signs from now on. Publish it beside the old ones:")
    click.echo(key.public_key, nl=False)
