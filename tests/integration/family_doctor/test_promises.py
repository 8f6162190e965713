"""What is owed by a date: the scheduled services of the contract's pack and of packs bought."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core import clock
from core.ids import new_id
from family_doctor.models import Obligation
from family_doctor.queries.team import list_work, team_figures
from family_doctor.schemas import WorkSearch
from family_doctor.subscribers import date_order
from service_packs.events import OrderPaid
from service_packs.models import Item
from service_packs.public import grant_entitlement
from service_packs.schemas import Source
from tests.factories.directory import make_team
from tests.factories.family_doctor import BASIC, make_basic_pack, make_contract
from tests.factories.residents import make_person


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
