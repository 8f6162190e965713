"""What was bought beside a contract that ran out: kept for the next team, given back, or given back
by the calendar; by the services, the API and the page.
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.models import Account
from core import clock
from core.errors import Conflict, Denied
from family_doctor.jobs import advance_contracts, advance_waiting_packs
from family_doctor.models import WaitingPack
from family_doctor.queries.refunds import get_refund
from family_doctor.queries.waiting import packs_waiting
from family_doctor.schemas import AnswerWaitingPack, WaitingState
from family_doctor.services import waiting as services
from notifications.models import Message
from service_packs.models import EntitlementItem
from service_packs.public import list_bought
from tests.factories.residents import make_person
from tests.integration.family_doctor.machine import EXTRA_FEN, World, check

BACK, KEEP = AnswerWaitingPack(give_back=True), AnswerWaitingPack(give_back=False)
OVER = timedelta(days=366)


@pytest.fixture
def world(session: Session) -> World:
    return World.make(session, capacity=5)


def bought_late(world: World) -> tuple[UUID, int]:
    """A contract and what leaving it would give back of a pack bought late in it, half used."""
    contract = world.signed()
    with clock.shifted(timedelta(days=200)):
        granted = world.buy(world.resident)
        world.session.execute(
            update(EntitlementItem)
            .where(EntitlementItem.entitlement_id == granted.id)
            .values(times_used=EntitlementItem.times_total / 2)
        )
        world.session.commit()
        [left] = get_refund(world.session, world.resident, contract.id).bought
    return contract.id, left.refund_fen


def said(session: Session, person_id: UUID | None) -> list[str]:
    query = select(Message.sentence).where(Message.person_id == person_id)
    return list(session.scalars(query.order_by(Message.id)))


def test_given_back_it_is_reckoned_as_on_leaving(world: World, session: Session) -> None:
    leads = make_person(session, name="团队长")
    session.get_one(Account, world.sides[0].leader.account_id).person_id = leads.id
    contract_id, due = bought_late(world)
    assert 0 < due < EXTRA_FEN
    assert packs_waiting(session, world.resident, contract_id).items == []
    with clock.shifted(OVER):
        advance_contracts()
        session.expire_all()
        [pack] = packs_waiting(session, world.resident, contract_id).items
        assert pack.state is WaitingState.WAITING
        assert pack.refund
        assert pack.refund.refund_fen == due
        with pytest.raises(Denied):  # the choice is the resident's
            services.answer_waiting(session, world.sides[0].leader, pack.id, BACK)
        assert services.answer_waiting(session, world.resident, pack.id, KEEP).kept_at
        given = services.answer_waiting(session, world.resident, pack.id, BACK)
        assert (given.state, given.refund) == (WaitingState.RETURNED, pack.refund)
        with pytest.raises(Conflict):
            services.answer_waiting(session, world.resident, pack.id, KEEP)
        assert world.resident.person_id
        assert list_bought(session, world.resident.person_id) == []
        assert {services.WAITS, services.RETURNED} <= set(said(session, world.resident.person_id))
        assert said(session, leads.id)[-2:] == [services.TEAM_WAITS, services.TEAM_RETURNED]
        again = world.signed(side=1)
        assert get_refund(session, world.resident, again.id).bought == ()
        check(world)


def test_the_next_team_takes_it_up(world: World, session: Session) -> None:
    contract_id, due = bought_late(world)
    with clock.shifted(OVER):
        advance_contracts()
        session.expire_all()
        again = world.signed(side=1)
        [pack] = packs_waiting(session, world.resident, contract_id).items
        assert (pack.state, pack.refund) == (WaitingState.SERVED, None)
        with pytest.raises(Conflict):
            services.answer_waiting(session, world.resident, pack.id, BACK)
        assert services.TAKEN_UP in said(session, world.resident.person_id)
        [left] = get_refund(session, world.resident, again.id).bought
        assert left.refund_fen == due


def test_the_calendar_gives_it_back_after_notice(
    world: World,
    session: Session,
    client: FlaskClient,
    bearer: Callable[[UUID], dict[str, str]],
    signed_in: Callable[[UUID], FlaskClient],
) -> None:
    contract_id, due = bought_late(world)
    path = f"/family-doctor/contracts/{contract_id}/waiting-packs"
    with clock.shifted(OVER):
        advance_contracts()
        own = bearer(world.resident.account_id)
        [pack] = client.get(f"/api/v1{path}", headers=own).get_json()["items"]
        answer = f"/api/v1/family-doctor/waiting-packs/{pack['id']}/answer"
        kept = client.post(answer, json={"give_back": False}, headers=own)
        assert (kept.status_code, kept.get_json()["state"]) == (200, "waiting")
        resident = signed_in(world.resident.account_id)
        assert "另购的服务包" in resident.get("/family-doctor/mine").get_data(as_text=True)
        assert "先留着" not in resident.get(path).get_data(as_text=True)
        leader = signed_in(world.sides[0].leader.account_id)
        seen = leader.get(path)
        assert (seen.status_code, "退回吗" in seen.get_data(as_text=True)) == (200, False)
    for days, state, reminded in ((75, "waiting", 0), (77, "waiting", 1), (90, "lapsed", 1)):
        with clock.shifted(OVER + timedelta(days=days)):
            advance_waiting_packs()
            advance_waiting_packs()
            session.expire_all()
            row = session.scalars(select(WaitingPack)).one()
            assert row.state == state, days
            near = select(func.count()).where(Message.sentence == services.NEAR)
            assert session.scalar(near) == reminded, days
    assert row.refund_fen == due
    assert services.LAPSED in said(session, world.resident.person_id)
