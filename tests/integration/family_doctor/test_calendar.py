"""What time does: lapses, reminders, the end; and what a recorded service does."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.events import publish
from family_doctor.jobs import advance_contracts
from family_doctor.models import Contract, ContractTransition, Obligation
from family_doctor.services.promises import keep_promise
from family_doctor.states import State
from notifications.models import Message
from service_packs.events import ServiceRecorded
from service_packs.models import Entitlement, EntitlementItem
from tests.conftest import jobs_drained
from tests.factories.directory import make_team
from tests.factories.family_doctor import days_ago, make_contract, make_service_record, taken
from tests.factories.residents import make_person

pytestmark = pytest.mark.usefixtures("session")


def reload(session: Session, contract: Contract) -> Contract:
    session.expire_all()
    return session.get_one(Contract, contract.id)


@pytest.mark.parametrize(
    ("state", "days", "reason"),
    [(State.APPLIED, 7, "not_answered"), (State.PENDING_SIGNATURE, 3, "not_signed")],
)
def test_what_waits_too_long_lapses(session: Session, state: State, days: int, reason: str) -> None:
    team, _, _ = make_team(session)
    contract = make_contract(session, make_person(session), team, state=state)
    session.commit()
    with clock.shifted(timedelta(days=days, minutes=-1)):
        advance_contracts()
        assert reload(session, contract).state == state
    with clock.shifted(timedelta(days=days, minutes=1)):
        advance_contracts()
        advance_contracts()
    lapsed = reload(session, contract)
    assert (lapsed.state, lapsed.end_reason) == (State.CANCELLED, reason)
    assert taken(session, team.id) == 0
    assert session.scalars(select(Message)).one().person_id == contract.person_id
    line = session.scalars(select(ContractTransition)).one()
    assert (line.account_id, line.reason) == (None, reason)


def test_a_contract_nears_its_end_then_expires(session: Session) -> None:
    team, _, _ = make_team(session)
    contract = make_contract(session, make_person(session), team, starts_on=days_ago(300))
    session.commit()
    advance_contracts()
    assert reload(session, contract).state == State.ACTIVE
    with clock.shifted(timedelta(days=40)):
        advance_contracts()
        assert reload(session, contract).state == State.EXPIRING
    with clock.shifted(timedelta(days=64)):  # the last day of the term
        advance_contracts()
        assert reload(session, contract).state == State.EXPIRING
        assert taken(session, team.id) == 1
    with clock.shifted(timedelta(days=66)):
        advance_contracts()
    assert reload(session, contract).state == State.EXPIRED
    assert taken(session, team.id) == 0


def test_a_recorded_service_settles_the_earliest_promise_once(session: Session) -> None:
    team, _, _ = make_team(session)
    contract = make_contract(session, make_person(session), team)
    record_id = make_service_record(session, contract, "T02")
    event = ServiceRecorded(
        record_id=record_id,
        person_id=contract.person_id,
        item_code="T02",
        team_id=team.id,
        performed_at=clock.now(),
    )
    publish(session, event)
    publish(session, event)
    session.commit()
    jobs_drained()
    session.expire_all()
    query = select(Obligation).where(Obligation.item_code == "T02").order_by(Obligation.due_on)
    done = [row.service_record_id for row in session.scalars(query)]
    assert done == [record_id, None, None, None]


def test_a_service_beyond_the_promised_settles_nothing(session: Session) -> None:
    team, _, _ = make_team(session)
    contract = make_contract(session, make_person(session), team)
    for expected in (True, False):
        settled = keep_promise(
            session,
            person_id=contract.person_id,
            item_code="T01",
            record_id=make_service_record(session, contract, "T01"),
            performed_at=clock.now(),
        )
        assert settled is expected


def test_a_service_for_one_without_contract_settles_nothing(session: Session) -> None:
    person = make_person(session)
    assert not keep_promise(
        session,
        person_id=person.id,
        item_code="T01",
        record_id=uuid4(),
        performed_at=clock.now(),
    )
    assert not session.scalars(select(Entitlement.id)).all()
    assert not session.scalars(select(EntitlementItem.id)).all()
