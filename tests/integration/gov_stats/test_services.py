from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from gov_stats import jobs
from gov_stats.models import ComputationRun, Indicator, IndicatorValue
from gov_stats.periods import Month, months_shown
from gov_stats.services import compute
from tests.factories.directory import (
    CITY,
    COUNTY,
    OTHER_COUNTY,
    OTHER_TOWNSHIP,
    TOWNSHIP,
    make_institution,
)
from tests.factories.gov_stats import (
    MONTH,
    REGION,
    SECOND_TOWNSHIP,
    THIRD_TOWNSHIP,
    make_figures,
    make_region,
    usual_facts,
)
from tests.factories.residents import make_person


def figure(session: Session, code: str, division: str, month: Month = MONTH) -> IndicatorValue:
    return session.get_one(IndicatorValue, (code, division, str(month)), populate_existing=True)


def test_a_division_is_the_sum_of_what_lies_in_it(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_figures(session, monkeypatch)
    residents = {code: figure(session, "PT01", code).numerator for code in REGION}
    assert residents[COUNTY] == 300
    assert residents[CITY] == 400
    # A hospital of the county counts in the county and the city, in no township.
    bookings = {code: figure(session, "PT03", code).numerator for code in REGION}
    assert (bookings[TOWNSHIP], bookings[COUNTY], bookings[CITY]) == (30, 230, 300)
    assert figure(session, "IN01", COUNTY).numerator == 2
    assert figure(session, "IN02", TOWNSHIP).numerator == 0


def test_rates_are_made_of_rolled_up_counts(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_figures(session, monkeypatch)
    rate = figure(session, "PR05", CITY)
    assert (rate.numerator, rate.denominator, float(rate.value or 0)) == (123, 400, 30.75)
    # Per thousand of the official population of the division, not of those registered here.
    beds = figure(session, "MR01", COUNTY)
    assert (beds.numerator, beds.denominator, float(beds.value or 0)) == (360, 60_000, 6.0)
    assert float(figure(session, "PT06", CITY).value or 0) == 123.45


def test_referrals_are_counted_by_the_place_of_the_sender(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_figures(session, monkeypatch)
    both = {code: figure(session, "GD04", code).numerator for code in (CITY, COUNTY)}
    assert both == {CITY: 105, COUNTY: 85}
    in_time = figure(session, "GD06", CITY)
    assert (in_time.numerator, in_time.denominator, float(in_time.value or 0)) == (54, 80, 67.5)
    assert figure(session, "PT18", CITY).numerator == 25
    none_declined = figure(session, "PT19", OTHER_TOWNSHIP)
    assert none_declined.suppressed, "fewer than five were declined there"


def test_somebody_in_several_key_groups_counts_once(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_figures(session, monkeypatch)
    assert figure(session, "PR05K", CITY).denominator == 160


def test_what_is_hidden_is_not_stored(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    make_figures(session, monkeypatch)
    small, sibling = (figure(session, "PT02", code) for code in (THIRD_TOWNSHIP, SECOND_TOWNSHIP))
    assert small.suppressed
    assert (small.numerator, small.value) == (None, None)
    assert sibling.suppressed, "the county's total less the others would give the three"
    assert figure(session, "PT02", TOWNSHIP).numerator == 40
    rate = figure(session, "PR05", THIRD_TOWNSHIP)
    assert (rate.suppressed, rate.value, rate.denominator) == (True, None, 100)


def test_computing_again_changes_only_the_time(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored() -> list[tuple[object, ...]]:
        columns = [c for c in inspect(IndicatorValue).columns if c.name != "computed_at"]
        rows = [tuple(row) for row in session.execute(select(*columns))]
        return sorted(rows, key=lambda row: row[:3])

    make_figures(session, monkeypatch)
    first = stored()
    before = figure(session, "PT01", CITY).computed_at
    compute(session, MONTH)
    assert stored() == first
    assert figure(session, "PT01", CITY).computed_at > before


def test_a_later_computation_replaces_the_figures(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = make_figures(session, monkeypatch)
    facts.people.append((OTHER_TOWNSHIP, "", 11))
    compute(session, MONTH)
    assert figure(session, "PT01", OTHER_COUNTY).numerator == 111


def test_facts_of_other_regions_are_told_and_left_out(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_region(session)
    facts = usual_facts()
    facts.people.append(("110101001", "", 70))
    facts.install(monkeypatch)
    run = compute(session, MONTH)
    assert run.unplaced == 1
    assert run.sources["residents"] == len(facts.people)
    assert figure(session, "PT01", CITY).numerator == 400


def test_the_other_rooms_are_asked_for_the_whole_month(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_region(session)
    usual_facts().install(monkeypatch)
    asked: dict[str, tuple[object, ...]] = {}

    def remember(name: str) -> Callable[..., list[object]]:
        def ask(_session: Session, *days: object) -> list[object]:
            asked[name] = days
            return []

        return ask

    monkeypatch.setattr("family_doctor.public.contract_facts", remember("contracts"))
    monkeypatch.setattr("family_doctor.public.fulfilment_facts", remember("fulfilment"))
    monkeypatch.setattr("appointments.public.booking_facts", remember("bookings"))
    compute(session, Month(2026, 2))
    days = {name: [str(day) for day in given] for name, given in asked.items()}
    assert days == {
        "contracts": ["2026-02-28"],
        "fulfilment": ["2026-02-01", "2026-02-28"],
        "bookings": ["2026-02-01", "2026-03-01"],
    }


def test_the_rooms_own_facts_are_read(session: Session) -> None:
    make_region(session)
    before = compute(session, Month.current())
    for _ in range(6):
        make_person(session, groups=("03",))
        make_person(session, groups=("10",))
    make_institution(session, division_code=TOWNSHIP, beds=80)
    run = compute(session, Month.current())
    assert run.rows == before.rows
    residents = figure(session, "PT01", CITY, Month.current())
    assert (residents.numerator, residents.suppressed) == (12, False)
    assert figure(session, "PR05K", CITY, Month.current()).denominator == 6
    assert figure(session, "PT13", CITY, Month.current()).numerator == 80
    assert figure(session, "PT02", CITY, Month.current()).suppressed


def test_the_schedule_keeps_this_month_and_the_last(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_region(session)
    usual_facts().install(monkeypatch)
    session.commit()
    jobs.compute_recent_months()
    runs = session.scalars(select(ComputationRun.period).order_by(ComputationRun.period))
    assert list(runs) == [str(month) for month in months_shown()[-2:]]


def test_an_operator_computes_by_command(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_region(session)
    usual_facts().install(monkeypatch)
    session.commit()
    runner = app.test_cli_runner()
    done = runner.invoke(args=["statistics", "compute", "--period", "2025-11"])
    assert done.output.startswith("2025-11: ")
    wrong = runner.invoke(args=["statistics", "compute", "--period", "November"])
    assert wrong.exit_code == 2
    assert "YYYY-MM" in wrong.output
    assert runner.invoke(args=["statistics", "compute", "--year"]).exit_code == 0
    periods = session.scalar(select(func.count(ComputationRun.period.distinct())))
    assert periods in (12, 13)
    assert session.scalar(select(func.count()).select_from(Indicator)) == 56
