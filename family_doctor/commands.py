"""flask agreement …: for operators."""

from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import Encoding

from core.database import transaction
from family_doctor.queries.signing import verify_file
from family_doctor.schemas import Verdict
from family_doctor.sealing.keys import sealing_key
from family_doctor.sealing.seal import read_seal


@click.group()
def agreement() -> None:
    """Sealed agreements."""


@agreement.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Hold FILE against what was sealed here, and check its seal; 1 where anything is wrong."""
    content = file.read_bytes()
    with transaction() as session:
        found = verify_file(session, content)
    click.echo(f"File: {found.verdict}")
    if found.contract_number:
        click.echo(f"Contract: {found.contract_number}")
    trusted = [each.public_bytes(Encoding.DER) for each in sealing_key().trusted]
    seal = read_seal(content, trusted)
    if seal is None:
        click.echo("Seal: none that can be read")
    else:
        state = "intact" if seal.intact else "broken"
        click.echo(f"Seal: {state}, by {seal.sealed_by}, at {seal.at}")
        click.echo(f"Certificate: {'trusted' if seal.trusted else 'not trusted'}")
        click.echo(f"Time: {'vouched for' if seal.timestamped else 'of the sealer itself'}")
    if found.verdict is not Verdict.INTACT or seal is None or not seal.intact:
        raise SystemExit(1)
