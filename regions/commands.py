"""``flask --app wsgi region …``, for operators."""

import sys

import click
from flask.cli import AppGroup

from appointments.public import Brought
from core.access import NOBODY, Actor
from core.database import transaction
from core.settings import Environment, settings
from regions import demo
from regions.flaws import PackError
from regions.load.region import (
    DEMO_PEOPLE,
    AlreadyLoaded,
    demo_scale,
    load_demo,
    load_organisation,
)
from regions.load.update import NotLoaded, update_region
from regions.pack import RegionPack, available_packs, load_pack
from regions.population import people_at

# The progress bar counts in thousandths.
STEPS = 1000
_LOADED = (
    "This database already has a region; nothing was changed. To load another, give DATABASE_URL"
    " a new database, or INSTANCE_DIR a new directory, and run the migrations first."
)

_NOT_LOADED = "This database has no institution of that region; load it first."
OPERATOR = Actor(NOBODY, name="console", channel="console")

region = AppGroup("region", help="Region packs.")


@region.command("load")
@click.argument("name")
@click.option(
    "--scale",
    type=float,
    help=f"Share of the residents to make up, 0.01 for a hundredth; about {DEMO_PEOPLE:,} people"
    " unless given. Not in production, which gets no made-up people.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Other people and histories.")
def load_command(name: str, scale: float | None, seed: int) -> None:
    """Load the region pack NAME into an empty, migrated database.

    In the demo with made-up staff, residents, a year of history and the demo accounts; in
    production the organisation, the booking rules and the packs only.
    """
    pack = _pack(name)
    try:
        if settings().environment is Environment.PRODUCTION:
            _load_organisation(pack, scale, seed)
        else:
            _load_demo(pack, demo_scale(pack) if scale is None else scale, seed)
    except AlreadyLoaded:
        raise click.ClickException(_LOADED) from None


@region.command("update")
@click.argument("name")
def update_command(name: str) -> None:
    """Bring the rules of the region pack NAME to a database that it was loaded into before.

    Rules of booking and of conduct, and the words for symptoms. What an administrator changed
    stays; run again, it changes nothing.
    """
    pack = _pack(name)
    try:
        with transaction() as session:
            brought = update_region(session, OPERATOR, pack)
    except NotLoaded:
        raise click.ClickException(_NOT_LOADED) from None
    click.echo(
        f"{pack.region.name_en}: {brought[Brought.MADE]} rules are new,"
        f" {brought[Brought.CHANGED]} changed, {brought[Brought.KEPT]} kept as an administrator"
        f" set them, {brought[Brought.SAME]} the same."
    )


@region.command("list")
def list_command() -> None:
    """Name the region packs that can be loaded."""
    for name in available_packs():
        click.echo(name)


def _pack(name: str) -> RegionPack:
    try:
        return load_pack(name)
    except PackError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from None


def _load_organisation(pack: RegionPack, scale: float | None, seed: int) -> None:
    if scale is not None:
        raise click.UsageError("--scale makes up people, which production does not take")
    with transaction() as session:
        load_organisation(session, pack, seed=seed)
    click.echo(f"{pack.region.name_en}: organisation, booking rules and packs are loaded.")


def _load_demo(pack: RegionPack, scale: float, seed: int) -> None:
    try:
        people = people_at(pack, scale)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--scale") from None
    with click.progressbar(length=STEPS, label="Loading", file=sys.stderr) as bar:

        def tell(what: str, done: float) -> None:
            bar.label = what
            bar.update(round(done * STEPS) - bar.pos)

        with transaction() as session:
            load_demo(session, pack, scale=scale, seed=seed, tell=tell)
    click.echo(f"{pack.region.name_en}: {people:,} made-up people and a year of their history.")
    click.echo(
        f"The demo accounts sign in with the password {demo.PASSWORD};"
        f" {demo.RESIDENT} also by the phone {demo.resident_phone(pack.region)}."
    )
