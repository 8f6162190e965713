"""Referrals between institutions: kept up by events, counted anew by a command, shown by house."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from appointments import events
from appointments.models import Referral
from appointments.referral_states import ReferralStep
from gov_stats.models import Flow, House
from gov_stats.periods import Month
from gov_stats.services import compute
from gov_stats.subscribers import SUBSCRIBERS, count_again
from tests.factories.directory import COUNTY, OTHER_COUNTY
from tests.factories.gov_stats import (
    CENTRE,
    HOSPITAL,
    MONTH,
    OTHER_CENTRE,
    make_analyst,
    make_figures,
    make_region,
    usual_facts,
)
from tests.factories.referrals import make_township, make_two, refer, step

Browser = Callable[[UUID], FlaskClient]


def flows(session: Session) -> list[tuple[object, ...]]:
    columns = (Flow.from_institution_id, Flow.to_institution_id, Flow.sent, Flow.accepted)
    query = select(*columns, Flow.completed).order_by(Flow.to_institution_id)
    return [tuple(row) for row in session.execute(query)]


def house(session: Session, institution_id: UUID) -> House:
    query = select(House).where(House.institution_id == institution_id)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def test_events_keep_the_counts(session: Session, run_jobs: Callable[[], int]) -> None:
    two = make_two(session)
    sent = refer(session, two)
    session.commit()
    run_jobs()
    ends = (two.team.institution_id, two.clinic.institution.id)
    assert flows(session) == [(*ends, 1, 0, 0)]
    accepted = step(session, two.desk, sent, ReferralStep.ACCEPT)
    step(session, two.desk, accepted, ReferralStep.ARRIVE)
    session.commit()
    run_jobs()
    assert flows(session) == [(*ends, 1, 1, 1)]
    event = events.ReferralArrived(referral_id=sent.id, person_id=two.person.id)
    for _ in range(2):
        count_again(session, event)
    assert flows(session) == [(*ends, 1, 1, 1)]


def test_one_that_goes_on_to_another_house_is_counted_there_only(session: Session) -> None:
    two = make_two(session)
    sent = refer(session, two)
    event = events.ReferralSent(referral_id=sent.id, person_id=two.person.id)
    count_again(session, event)
    other = make_township(session)
    session.get_one(Referral, sent.id).to_institution_id = other.id
    session.flush()
    count_again(session, event)
    assert flows(session) == [(two.team.institution_id, other.id, 1, 0, 0)]


def test_every_step_that_counts_is_heard() -> None:
    unheard = {
        events.ReferralAnswered,
        events.ReferralPlaced,
        events.ReferralMoved,
        events.ReferralUnbooked,
        events.ReferralDue,
    }
    kinds = set(events.ReferralEvent.__subclasses__())
    assert {kind for kind, _ in SUBSCRIBERS} == kinds - unheard


def test_a_command_counts_anew(app: Flask, session: Session) -> None:
    two = make_two(session)
    refer(session, two)
    session.commit()
    runner = app.test_cli_runner()
    done = runner.invoke(args=["statistics", "referrals"])
    assert done.output == f"{Month.current()}: 1 flows between institutions\n"
    counted = flows(session)
    session.execute(delete(Flow))
    session.commit()
    assert runner.invoke(args=["statistics", "referrals", "--year"]).exit_code == 0
    assert flows(session) == counted


def test_an_institution_is_told_what_it_sent_and_received(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_figures(session, monkeypatch)
    hospital = house(session, HOSPITAL)
    assert hospital.sent is None, "the company of townships that sent nobody"
    assert (hospital.received, hospital.in_time, hospital.completed) == (80, 54, 42)
    assert float(hospital.median_hours or 0) == 5.5
    centre = house(session, CENTRE)
    assert (centre.sent, centre.received, centre.in_time, centre.completed) == (60, 25, 20, 18)
    assert centre.median_hours is None, "fewer than five answers"
    assert house(session, OTHER_CENTRE).received is None


def test_a_small_institution_is_hidden_and_so_is_who_would_give_it_away(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_region(session)
    small = make_township(session)
    facts = usual_facts()
    first = facts.referrals[0]
    facts.referrals.append(first._replace(from_institution_id=small.id, sent=3, accepted=0))
    facts.install(monkeypatch)
    compute(session, MONTH)
    assert house(session, small.id).sent is None
    assert house(session, CENTRE).sent is None, "the township's 63 less these 60 are three"


def test_the_page_lists_the_houses_of_the_division(
    session: Session, monkeypatch: pytest.MonkeyPatch, signed_in: Browser
) -> None:
    make_figures(session, monkeypatch)
    analyst = signed_in(make_analyst(session).id)

    def page(division: str, tab: str = "graded-diagnosis", lang: str = "zh") -> str:
        query = {"period": str(MONTH), "tab": tab, "division": division, "lang": lang}
        return str(analyst.get("/statistics/", query_string=query).text)

    county = page(COUNTY)
    assert "甲县医院" in county
    assert "5.5" in county
    assert "二镇卫生院" not in county
    assert "甲县医院" not in page(COUNTY, "overview")
    assert "二镇卫生院" in page(OTHER_COUNTY)
    assert "Referrals by institution" in page(COUNTY, lang="en")
