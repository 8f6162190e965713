"""What is owed by a date: the scheduled services of the contract's pack and of packs bought."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import clock
from core.ids import new_id
from family_doctor.models import Contract, Obligation
from family_doctor.queries.refunds import get_refund
from family_doctor.queries.served import index_of_contract
from family_doctor.queries.team import list_work, team_figures
from family_doctor.schemas import ChangeContract, EndReason, TerminateContract, WorkSearch
from family_doctor.services.calendar import DEADLINES, advance
from family_doctor.services.contracts import accept_contract, terminate_contract
from family_doctor.services.promises import keep_promise
from family_doctor.services.succession import change_contract
from family_doctor.subscribers import date_order
from service_packs.events import OrderPaid
from service_packs.models import Item
from service_packs.public import grant_entitlement
from service_packs.schemas import EntitlementView, Source
from tests.factories.directory import make_team
from tests.factories.family_doctor import (
    BASIC,
    days_ago,
    make_basic_pack,
    make_contract,
    make_service_record,
)
from tests.factories.residents import make_person
from tests.integration.family_doctor.machine import EXTRA_FEN, World, check


def test_a_service_for_the_asking_is_owed_by_no_date(session: Session) -> None:
    make_basic_pack(session)
    session.execute(update(Item).where(Item.code == "T02").values(scheduled=False))
    team, _, _ = make_team(session)
    make_contract(session, make_person(session), team)
    assert set(session.scalars(select(Obligation.item_code))) == {"T01"}


def test_a_pack_bought_is_dated_under_the_contract_once(session: Session) -> None:
    team, _, _ = make_team(session)
    contract = make_contract(session, make_person(session), team)
    before = len(session.scalars(select(Obligation)).all())
    order_id = new_id()
    granted = grant_entitlement(
        session,
        person_id=contract.person_id,
        pack_code=BASIC,
        source=Source.ORDER,
        source_id=order_id,
        starts_on=clock.today(),
        ends_on=clock.today() + timedelta(days=364),
    )
    for _ in range(2):
        date_order(session, OrderPaid(order_id=order_id, person_id=contract.person_id))
    owed = session.scalars(select(Obligation).where(Obligation.entitlement_id == granted.id)).all()
    assert {each.contract_id for each in owed} == {contract.id}
    assert len(owed) == before


def test_a_pack_without_a_contract_owes_nothing_by_a_date(session: Session) -> None:
    date_order(session, OrderPaid(order_id=new_id(), person_id=make_person(session).id))
    assert session.scalars(select(Obligation)).all() == []


def test_what_was_missed_under_an_ended_contract_is_no_work(session: Session) -> None:
    team, _, _ = make_team(session)
    begun = clock.today() - timedelta(days=300)
    contract = make_contract(session, make_person(session), team, starts_on=begun)
    assert team_figures(session, team.id).overdue
    contract.state, contract.ended_at, contract.end_reason = "terminated", clock.now(), "moved"
    session.flush()
    assert not team_figures(session, team.id).overdue
    assert list_work(session, team.id, WorkSearch()).items == []


def test_what_is_bought_goes_on_under_the_next_contract(session: Session) -> None:
    world = World.make(session, capacity=5)
    old = world.signed()
    granted = world.buy(world.resident)
    owed = open_rows(session, granted)
    assert owed == {(old.id, each) for each in range(1, 5)}
    command = ChangeContract(team_id=world.sides[1].team.id)
    asked = change_contract(session, world.resident, old.id, command)
    new = world.confirm(accept_contract(session, world.sides[1].leader, asked.id))
    check(world)
    assert open_rows(session, granted) == {(new.id, each) for _, each in owed}
    leave = TerminateContract(reason=EndReason.OWN_WISH)
    terminate_contract(session, world.resident, new.id, leave)
    check(world)
    assert open_rows(session, granted) == set()
    refund = get_refund(session, world.resident, new.id)
    assert [each.refund_fen for each in refund.bought] == [EXTRA_FEN]  # nothing of it was done


def test_what_was_bought_is_served_again_after_a_pause(session: Session) -> None:
    world = World.make(session, capacity=5)
    first = world.signed()
    with clock.shifted(timedelta(days=200)):
        granted = world.buy(world.resident)
    missed = {(first.id, 1)}
    with clock.shifted(timedelta(days=366)):
        for deadline in DEADLINES:
            advance(session, deadline)
        check(world)
        assert open_rows(session, granted) == missed
        again = world.signed(side=1)
        check(world)
        assert open_rows(session, granted) == missed | {(again.id, each) for each in (2, 3, 4)}


def test_a_year_is_not_kept_in_an_afternoon(session: Session) -> None:
    """The service settles what it was in time for; what may not be done yet stays owed."""
    team, _, _ = make_team(session)
    contract = make_contract(session, make_person(session), team)
    settled = [settle(session, contract, clock.now()) for _ in range(2)]
    assert settled == [True, False]
    done = select(Obligation.sequence).where(Obligation.done_at.is_not(None))
    assert session.scalars(done).all() == [1]


def test_a_missed_one_done_later_is_late_and_the_last_one_missed(session: Session) -> None:
    team, _, _ = make_team(session)
    contract = make_contract(session, make_person(session), team, starts_on=days_ago(200))
    settled = [settle(session, contract, clock.now()) for _ in range(2)]
    assert settled == [True, True]
    rows = session.execute(
        select(Obligation.sequence, Obligation.done_at.is_not(None))
        .where(Obligation.contract_id == contract.id, Obligation.item_code == "T02")
        .order_by(Obligation.sequence)
    )
    assert [tuple(row) for row in rows] == [(1, False), (2, True), (3, True), (4, False)]
    index = index_of_contract(session, contract.id)
    assert (index.kept, index.late) == (1, 1)


def settle(session: Session, contract: Contract, at: datetime) -> bool:
    return keep_promise(
        session,
        person_id=contract.person_id,
        item_code="T02",
        record_id=make_service_record(session, contract, "T02"),
        performed_at=at,
    )


def open_rows(session: Session, granted: EntitlementView) -> set[tuple[UUID, int]]:
    """What of an entitlement is owed still: under which contract, the how-many-th."""
    query = select(Obligation.contract_id, Obligation.sequence).where(
        Obligation.entitlement_id == granted.id,
        Obligation.done_at.is_(None),
        Obligation.excused_at.is_(None),
    )
    return {(contract_id, sequence) for contract_id, sequence in session.execute(query)}
