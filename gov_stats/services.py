"""The computation of a month: counts rolled up, put under disclosure control, and stored."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from appointments.public import referral_flows
from core import clock
from core.disclosure import Totals, Tree, roll_up
from core.ids import new_id
from directory.public import list_divisions
from gov_stats.catalogue import Definition, definitions
from gov_stats.houses import Hidden, Houses
from gov_stats.measures import POPULATION, hidden_divisions, measure_names
from gov_stats.models import ComputationRun, Flow, House, Indicator, IndicatorValue
from gov_stats.periods import Month, months_shown
from gov_stats.schemas import RunView
from gov_stats.sources import Gathered, gather

NOWHERE: frozenset[str] = frozenset()


def compute(session: Session, month: Month) -> RunView:
    """Compute all figures of a month anew; doing it again changes nothing but the time.

    Work of the system itself, by schedule or by an operator: it takes no actor and shows nothing.
    """
    started = clock.now()
    divisions = list_divisions(session)
    tree = Tree({division.code: division.parent_code for division in divisions})
    gathered = gather(session, month)
    totals: dict[str, Totals] = {
        measure: roll_up(tree, gathered.of(measure)) for measure in measure_names()
    }
    totals[POPULATION] = {division.code: division.population for division in divisions}
    houses = Houses(tree, gathered.flows)
    hidden = hidden_divisions(tree, totals, houses.senders)
    rows = list(_values(tree, totals, hidden, str(month), started))
    _store_indicators(session)
    _store_values(session, rows)
    _store_houses(session, houses, str(month))
    return _store_run(session, month, started, len(rows), tree, gathered)


def compute_year(session: Session) -> list[RunView]:
    """Compute each of the twelve months that the dashboards show; for a freshly loaded region,
    whose referrals no event told of.
    """
    runs = []
    for month in months_shown():
        count_referrals(session, month)
        runs.append(compute(session, month))
    return runs


def count_referrals(session: Session, month: Month, sender: UUID | None = None) -> int:
    """Count a month's referrals anew, those that ``sender`` sent or all; how many flows there are.
    The same again changes nothing.
    """
    # One at a time, each on what the one before has left; readers are not held up.
    session.execute(text(f"LOCK TABLE {Flow.__tablename__} IN SHARE ROW EXCLUSIVE MODE"))
    span = month.first_day, month.next_first_day
    flows = referral_flows(session, *span, sender)
    gone = delete(Flow).where(Flow.period == str(month))
    if sender:
        gone = gone.where(Flow.from_institution_id == sender)
    session.execute(gone)
    if flows:
        rows = [{"period": str(month), **flow._asdict()} for flow in flows]
        session.execute(insert(Flow), rows)
    return len(flows)


def _values(
    tree: Tree, totals: dict[str, Totals], hidden: Hidden, period: str, computed_at: datetime
) -> Iterator[dict[str, Any]]:
    for definition in definitions():
        no_numerator = hidden.get(definition.numerator, NOWHERE)
        no_denominator = hidden.get(definition.denominator, NOWHERE)
        for code in sorted(tree.parents):
            figure = _figure(
                definition,
                totals[definition.numerator][code],
                totals[definition.denominator][code] if definition.denominator else None,
                hide_all=code in no_denominator,
                hide_value=code in no_numerator or code in no_denominator,
            )
            yield {
                "indicator_code": definition.code,
                "division_code": code,
                "period": period,
                "computed_at": computed_at,
                **figure,
            }


def _figure(
    definition: Definition,
    numerator: int,
    denominator: int | None,
    *,
    hide_all: bool,
    hide_value: bool,
) -> dict[str, Any]:
    """What may be stored of a figure: nothing that disclosure control hides."""
    return {
        "numerator": None if hide_value else numerator,
        "denominator": None if hide_all else denominator,
        "value": None if hide_value else definition.value(numerator, denominator),
        "suppressed": hide_value,
        "denominator_suppressed": hide_all,
    }


def _store_indicators(session: Session) -> None:
    rows = [
        {"position": position, **definition.model_dump(exclude={"numerator", "denominator"})}
        for position, definition in enumerate(definitions())
    ]
    statement = insert(Indicator)
    changed = {name: statement.excluded[name] for name in rows[0] if name != "code"}
    session.execute(statement.on_conflict_do_update(index_elements=["code"], set_=changed), rows)


def _store_values(session: Session, rows: list[dict[str, Any]]) -> None:
    statement = insert(IndicatorValue)
    key = ["indicator_code", "division_code", "period"]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed), rows)


def _store_houses(session: Session, houses: Houses, period: str) -> None:
    session.execute(delete(House).where(House.period == period))
    if rows := [{"period": period, **row} for row in houses.rows()]:
        session.execute(insert(House), rows)


def _store_run(
    session: Session, month: Month, started: datetime, rows: int, tree: Tree, gathered: Gathered
) -> RunView:
    unplaced = sum(rows for code, rows in gathered.places.items() if code not in tree.parents)
    run = ComputationRun(
        id=new_id(),
        period=str(month),
        started_at=started,
        finished_at=clock.now(),
        rows=rows,
        sources=dict(gathered.rows),
        unplaced=unplaced,
    )
    session.add(run)
    session.flush()
    return RunView.model_validate(run)
