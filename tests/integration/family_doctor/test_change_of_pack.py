"""Another basic pack with the same team: the old contract's promises give way, a pack that was
bought beside it stays.
"""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.errors import Conflict, Invalid
from family_doctor.models import Obligation, Plan
from family_doctor.schemas import (
    ChangeContract,
    ContractView,
    EndReason,
    GivePlan,
    Kind,
    MakeTemplate,
    PlanStep,
    PlanTerm,
)
from family_doctor.services import contracts as signing
from family_doctor.services import succession
from family_doctor.services.plans import give_plan, make_template
from family_doctor.states import State
from service_packs.models import Entitlement, Pack
from service_packs.schemas import Source, Tier
from tests.factories.family_doctor import BASIC, taken
from tests.factories.service_packs import make_entitlement, make_pack
from tests.integration.family_doctor.machine import World, check

FULLER = {"T01": 2, "T02": 6}


@pytest.fixture
def world(session: Session) -> World:
    return World.make(session, capacity=1)


def fuller(session: Session) -> Pack:
    """A second basic pack that gives more; made after signing, so that it is nobody's usual one."""
    return make_pack(session, tier=Tier.BASIC, group_code=None, items=FULLER, name="试验加强基础包")


def change(world: World, contract: ContractView, code: str) -> ContractView:
    command = ChangeContract(pack_code=code)
    return succession.change_contract(world.session, world.resident, contract.id, command)


def test_the_new_packs_promises_follow_the_old_ones(world: World, session: Session) -> None:
    old = world.signed()
    more = fuller(session)
    assert world.resident.person_id
    bought = make_entitlement(
        session, world.resident.person_id, make_pack(session), source=Source.ORDER
    )
    asked = change(world, old, more.code)
    assert (asked.kind, asked.pack_code, asked.team_id) == (
        Kind.CHANGE_PACK, more.code, old.team_id,
    )  # fmt: skip
    check(world)
    accepted = signing.accept_contract(session, world.sides[0].leader, asked.id)
    new = world.confirm(accepted)
    before, after = world.row(old.id), world.row(new.id)
    assert (before.state, before.end_reason) == (State.TERMINATED, EndReason.CHANGED_PACK)
    assert (after.state, after.pack_name) == (State.ACTIVE, "试验加强基础包")
    assert taken(session, world.sides[0].team.id) == 1
    owed = session.scalars(
        select(Obligation.item_code).where(
            Obligation.contract_id == new.id, Obligation.excused_at.is_(None)
        )
    ).all()
    assert {code: list(owed).count(code) for code in FULLER} == FULLER
    left = select(Obligation).where(
        Obligation.contract_id == old.id, Obligation.excused_at.is_(None)
    )
    assert session.scalars(left).all() == []
    held = session.get_one(Entitlement, bought.id)
    assert (held.ended_at, held.team_id) == (None, old.team_id)
    given = session.scalars(select(Entitlement).where(Entitlement.source_id == new.id)).one()
    assert (given.pack_code, given.ended_at) == (more.code, None)


def test_taken_back_the_old_pack_stays(world: World, session: Session) -> None:
    old = world.signed()
    asked = change(world, old, fuller(session).code)
    kept = succession.withdraw_change(world.session, world.resident, old.id)
    assert (kept.state, kept.pack_code) == (State.ACTIVE, BASIC)
    assert world.row(asked.id).state == State.CANCELLED
    check(world)


def test_only_another_basic_pack_is_a_change(world: World, session: Session) -> None:
    old = world.signed()
    with pytest.raises(Conflict) as same:
        change(world, old, BASIC)
    assert same.value.code == "nothing_changed"
    with pytest.raises(Invalid) as personal:
        change(world, old, make_pack(session).code)
    assert personal.value.code == "unknown_pack"


def test_the_teams_plan_goes_on_with_the_new_pack(world: World, session: Session) -> None:
    old, leader = world.signed(), world.sides[0].leader
    step = PlanStep(words="复查", offset_days=60)
    template = make_template(
        session,
        leader,
        MakeTemplate(team_id=old.team_id, name="术后", term=PlanTerm.SHORT, steps=(step,)),
    )
    command = GivePlan(template_id=template.id, starts_on=clock.today())
    plan = give_plan(session, leader, old.id, command)
    asked = change(world, old, fuller(session).code)
    new = world.confirm(signing.accept_contract(session, leader, asked.id))
    row = session.scalars(select(Obligation).where(Obligation.plan_id == plan.id)).one()
    assert (row.contract_id, row.excused_at) == (new.id, None)
    assert session.get_one(Plan, plan.id).contract_id == new.id
