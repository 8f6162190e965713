"""``flask --app wsgi statistics …``, for operators."""

import click
from flask.cli import AppGroup

from core.database import transaction
from gov_stats.periods import Month, months_shown
from gov_stats.services import compute, count_referrals

statistics = AppGroup("statistics", help="Figures for government.")


@statistics.command("compute")
@click.option("--period", metavar="YYYY-MM", help="The month to compute; else the running month.")
@click.option("--year", is_flag=True, help="Compute all twelve months that the dashboards show.")
def compute_command(period: str | None, year: bool) -> None:
    """Compute the figures of a month anew."""
    for month in months_shown() if year else [_month(period)]:
        with transaction() as session:
            run = compute(session, month)
        click.echo(f"{run.period}: {run.rows} figures, {run.unplaced} facts outside the region")


@statistics.command("referrals")
@click.option("--period", metavar="YYYY-MM", help="The month to count; else the running month.")
@click.option("--year", is_flag=True, help="Count all twelve months that the dashboards show.")
def referrals_command(period: str | None, year: bool) -> None:
    """Count the referrals between institutions anew, where no event told of them."""
    for month in months_shown() if year else [_month(period)]:
        with transaction() as session:
            flows = count_referrals(session, month)
        click.echo(f"{month}: {flows} flows between institutions")


def _month(period: str | None) -> Month:
    if period is None:
        return Month.current()
    try:
        return Month.parse(period)
    except ValueError:
        raise click.BadParameter(
            f"{period!r} is not a month; write it as YYYY-MM", param_hint="--period"
        ) from None
