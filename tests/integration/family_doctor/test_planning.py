"""Planning by the norms on a real database: once a day, idempotent, and beside recording."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from core import clock
from core.database import transaction
from family_doctor.jobs import plan_obligations
from family_doctor.models import Contract, Obligation, Planning
from family_doctor.services.planning import plan_batch, replan
from family_doctor.services.promises import keep_promise
from residents.models import Person
from residents.schemas import EndLabel, LabelSource, SetLabel
from residents.services.labels import end_label, set_label
from service_packs.models import EntitlementItem, Group
from tests.factories.directory import make_team
from tests.factories.family_doctor import actor_of, make_contract, make_service_record
from tests.factories.follow_ups import join_group, leave_group, make_norms
from tests.factories.residents import make_person

LONG_AGO = date(2020, 1, 1)


@pytest.fixture
def hypertensive(session: Session) -> tuple[Person, Contract]:
    make_norms(session, "04-F01", "04-S07")
    person = make_person(session, birth_date=date(1950, 5, 17))
    join_group(session, person, "04", LONG_AGO)
    team, _, _ = make_team(session)
    return person, make_contract(session, person, team)


def _owed(session: Session, contract: Contract, item_code: str) -> list[Obligation]:
    query = select(Obligation).where(
        Obligation.contract_id == contract.id, Obligation.item_code == item_code
    )
    found = session.scalars(query.order_by(Obligation.due_on))
    return list(found.all())


def test_a_group_is_owed_what_its_norm_says_and_may_use_it(
    session: Session, hypertensive: tuple[Person, Contract]
) -> None:
    person, contract = hypertensive
    assert replan(session, {person.id}) == 5
    owed = _owed(session, contract, "F01")
    assert [(each.sequence, each.times, each.kind) for each in owed] == [
        (n, 4, "norm") for n in (1, 2, 3, 4)
    ]
    assert owed[-1].due_on == contract.ends_on
    allowed = select(EntitlementItem.times_total).where(
        EntitlementItem.entitlement_id == owed[0].entitlement_id,
        EntitlementItem.item_code == "F01",
    )
    assert session.scalar(allowed) == 4
    assert replan(session, {person.id}) == 0


def test_a_label_that_the_team_sets_is_planned_and_ended_is_excused(
    session: Session, run_jobs: Callable[[], int]
) -> None:
    make_norms(session, "04-F01", "04-S07")
    if session.get(Group, "04") is None:
        session.add(Group(code="04", name="高血压患者", name_en="Hypertension"))
    person = make_person(session, birth_date=date(1950, 5, 17))
    team, leader, _ = make_team(session)
    contract = make_contract(session, person, team)
    actor = actor_of(session, leader)
    label = SetLabel(
        group_code="04", source=LabelSource.STAFF, since=clock.today(), note="三次测量 150/95"
    )
    set_label(session, actor, person.id, label)
    session.commit()
    run_jobs()
    assert len(_owed(session, contract, "F01")) > 0
    end_label(session, actor, person.id, "04", EndLabel(note="复查正常"))
    session.commit()
    run_jobs()
    session.expire_all()
    assert {each.excuse_reason for each in _owed(session, contract, "F01")} == {"group_lost"}


def test_a_group_lost_is_excused_with_the_reason(
    session: Session, hypertensive: tuple[Person, Contract]
) -> None:
    person, contract = hypertensive
    replan(session, {person.id})
    leave_group(session, person, "04")
    assert replan(session, {person.id}) == 5
    session.expire_all()
    assert {each.excuse_reason for each in _owed(session, contract, "F01")} == {"group_lost"}
    assert replan(session, {person.id}) == 0
    join_group(session, person, "04", LONG_AGO)
    assert replan(session, {person.id}) == 5
    session.expire_all()
    assert {each.excused_at for each in _owed(session, contract, "F01")} == {None}


def test_a_night_plans_each_contract_once_in_batches(
    session: Session, hypertensive: tuple[Person, Contract]
) -> None:
    _, contract = hypertensive
    for _ in range(3):
        make_contract(session, make_person(session), make_team(session)[0])
    assert [plan_batch(session, 3) for _ in range(3)] == [3, 1, 0]
    assert len(_owed(session, contract, "F01")) == 4
    planned = set(session.scalars(select(Planning.planned_on)))
    assert planned == {clock.today()}
    with clock.shifted(timedelta(days=1)):
        plan_obligations()
        planned = set(session.scalars(select(Planning.planned_on)))
        assert planned == {clock.today()}
    make_norms(session, "04-F01", version="T2")
    assert plan_batch(session) == 4  # by the new version, the same day
    session.expire_all()
    check = _owed(session, contract, "S07")
    assert {each.excuse_reason for each in check} == {"group_lost"}


def test_a_batch_asks_the_database_as_often_for_many_as_for_one(
    session: Session,
    hypertensive: tuple[Person, Contract],
    count_statements: Callable[[], Any],
) -> None:
    people = []
    for _ in range(20):
        person = make_person(session)
        join_group(session, person, "04", LONG_AGO)
        make_contract(session, person, make_team(session)[0])
        people.append(person.id)
    with count_statements() as one:
        replan(session, people[:1])
    with count_statements() as many:
        replan(session, people[1:])
    assert len(many) == len(one) <= 14


@pytest.mark.usefixtures("committed_database")
def test_two_records_and_a_plan_at_once_settle_one_each(committed_database: Engine) -> None:
    with transaction() as session:
        make_norms(session, "04-F01")
        person = make_person(session, birth_date=date(1950, 5, 17))
        join_group(session, person, "04", LONG_AGO)
        contract = make_contract(session, person, make_team(session)[0])
        replan(session, {person.id})
        records = [make_service_record(session, contract, "F01") for _ in range(2)]

    def work(record_id: UUID | None) -> None:
        with transaction() as session:
            if record_id is None:
                replan(session, {person.id})
                return
            assert keep_promise(
                session,
                person_id=person.id,
                item_code="F01",
                record_id=record_id,
                performed_at=clock.now(),
            )

    # By then one was missed and the next is open.
    with clock.shifted(timedelta(days=120)), ThreadPoolExecutor(6) as pool:
        list(pool.map(work, [None, records[0], None, records[1], records[0], None]))
    with transaction() as session:
        settled = select(Obligation.service_record_id).where(
            Obligation.item_code == "F01", Obligation.done_at.is_not(None)
        )
        assert set(session.scalars(settled)) == set(records)
        owed = select(func.count()).where(Obligation.item_code == "F01")
        assert session.scalar(owed) == 4
