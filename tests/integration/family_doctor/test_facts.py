"""What the room tells statistics."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from core import clock
from family_doctor.models import Obligation
from family_doctor.public import contract_facts, fulfilment_facts
from family_doctor.states import State
from tests.factories.directory import OTHER_TOWNSHIP, TOWNSHIP, make_team
from tests.factories.family_doctor import days_ago, make_contract
from tests.factories.residents import make_person

pytestmark = pytest.mark.usefixtures("session")


def test_contracts_in_force_by_township_and_group(session: Session) -> None:
    team, _, _ = make_team(session)
    for groups in (("03", "04"), ("10",)):
        make_contract(session, make_person(session, groups=groups), team)
    other = make_person(session, division_code=OTHER_TOWNSHIP)
    make_contract(session, other, team, starts_on=days_ago(10))
    make_contract(session, make_person(session), team, state=State.APPLIED)
    facts = {(division, group): n for division, group, n in contract_facts(session, clock.today())}
    assert facts[TOWNSHIP, ""] == 2
    assert facts[TOWNSHIP, "04"] == 1
    assert facts[OTHER_TOWNSHIP, ""] == 1
    earlier = contract_facts(session, days_ago(5))
    assert [(division, n) for division, group, n in earlier if not group] == [(OTHER_TOWNSHIP, 1)]
    assert contract_facts(session, clock.today() + timedelta(days=400)) == []


def test_an_ended_contract_counted_until_its_end(session: Session) -> None:
    team, _, _ = make_team(session)
    contract = make_contract(session, make_person(session), team, starts_on=days_ago(30))
    contract.state, contract.end_reason = State.TERMINATED, "moved"
    contract.ended_at = clock.now() - timedelta(days=10)
    session.flush()
    assert contract_facts(session, days_ago(11))[0][2] == 1
    assert contract_facts(session, days_ago(9)) == []


def test_what_fell_due_and_was_done(session: Session) -> None:
    team, _, _ = make_team(session)
    contract = make_contract(session, make_person(session), team, starts_on=days_ago(200))
    due = [row for row in session.query(Obligation).all() if row.due_on <= clock.today()]
    assert len(due) == 2
    end = clock.today() + timedelta(days=365)
    assert fulfilment_facts(session, contract.starts_on, end) == [(TOWNSHIP, 2, 0)]  # type: ignore[arg-type]
    due[0].excused_at = clock.now()
    session.flush()
    assert fulfilment_facts(session, contract.starts_on, end) == [(TOWNSHIP, 1, 0)]  # type: ignore[arg-type]
