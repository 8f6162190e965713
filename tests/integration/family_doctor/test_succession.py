"""Renewal, change and leaving, step by step; everything is checked after each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.errors import Conflict, Denied, Invalid
from core.ids import new_id
from family_doctor.jobs import advance_contracts
from family_doctor.models import Contract, ContractTransition, Move, Obligation, Rule
from family_doctor.queries.refunds import get_refund
from family_doctor.schemas import (
    ApplyForContract,
    ChangeContract,
    ContractView,
    EndReason,
    Kind,
    RefundRule,
    RejectContract,
    RenewContract,
    TerminateContract,
)
from family_doctor.services import contracts as signing
from family_doctor.services import succession
from family_doctor.services.calendar import DEADLINES, advance
from family_doctor.states import MOVES, State
from tests.factories.directory import COUNTY
from tests.factories.family_doctor import taken
from tests.integration.family_doctor.machine import PERSON_FEN, World, check


@pytest.fixture
def world(session: Session) -> World:
    return World.make(session, capacity=1)


@contextmanager
def later(world: World, days: int) -> Iterator[None]:
    """So many days on, after the calendar ran."""
    with clock.shifted(timedelta(days=days)):
        for deadline in DEADLINES:
            advance(world.session, deadline)
        check(world)
        yield
        check(world)


def renew(world: World, contract: ContractView, years: int | None = None) -> ContractView:
    command = RenewContract(years=years)
    return succession.renew_contract(world.session, world.resident, contract.id, command)


def renewed(world: World, contract: ContractView) -> ContractView:
    """A renewal that the team's leader accepted and signed."""
    leader = world.leader_of(contract)
    return signing.accept_contract(world.session, leader, renew(world, contract).id)


def change(world: World, contract: ContractView, side: int = 1) -> ContractView:
    command = ChangeContract(team_id=world.sides[side].team.id)
    return succession.change_contract(world.session, world.resident, contract.id, command)


def leave(world: World, contract: ContractView) -> ContractView:
    command = TerminateContract(reason=EndReason.OWN_WISH)
    return signing.terminate_contract(world.session, world.resident, contract.id, command)


def refused(code: str, work: Callable[[], object]) -> None:
    with pytest.raises(Conflict) as refusal:
        work()
    assert refusal.value.code == code


def state(world: World, contract: ContractView) -> str:
    return world.row(contract.id).state


def test_one_tap_renews_a_full_teams_resident(world: World, session: Session) -> None:
    old = world.signed()
    refused("not_yet_renewable", lambda: renew(world, old))
    with later(world, 340):
        new = renew(world, old)
        assert (new.state, new.kind) == (State.APPLIED, Kind.RENEWAL)
        assert renew(world, old) == new
        leader = world.sides[0].leader
        signed = world.confirm(signing.accept_contract(session, leader, new.id))
        assert signed.state is State.SIGNED
        assert signed.starts_on
        assert old.ends_on
        assert signed.starts_on == old.ends_on + timedelta(days=1)
        assert taken(session, world.sides[0].team.id) == 1
        assert f"自 {signed.starts_on} 起" in str(world.row(new.id).agreement_text)
    with later(world, 364):
        assert state(world, old) == State.EXPIRING
    with later(world, 367):
        assert (state(world, old), state(world, new)) == (State.RENEWED, State.ACTIVE)
        assert taken(session, world.sides[0].team.id) == 1


def test_a_renewal_may_have_another_term(world: World, session: Session) -> None:
    old = world.signed()
    with later(world, 340):
        with pytest.raises(Invalid):
            renew(world, old, years=4)
        new = renew(world, old, years=3)
        assert new.state is State.APPLIED
        accepted = signing.accept_contract(session, world.sides[0].leader, new.id)
        signed = world.confirm(accepted)
        assert signed.starts_on
        assert signed.ends_on
        assert (signed.ends_on - signed.starts_on).days >= 1094
    with later(world, 367):
        owed = select(func.count()).where(Obligation.contract_id == new.id)
        assert session.scalar(owed) == 15


def test_a_renewal_that_was_not_signed_in_time_goes_on_by_itself(
    world: World, session: Session
) -> None:
    old = world.signed()
    with later(world, 364):
        new = renewed(world, old)
    with later(world, 366):
        assert (state(world, old), state(world, new)) == (State.EXPIRED, State.PENDING_SIGNATURE)
        assert taken(session, world.sides[0].team.id) == 1
        signed = world.confirm(new)
        assert (signed.state, signed.starts_on) == (State.ACTIVE, clock.today())


def test_who_leaves_does_not_renew(world: World, session: Session) -> None:
    old = world.signed()
    with later(world, 340):
        signed = world.confirm(renewed(world, old))
        leave(world, old)
        assert state(world, signed) == State.CANCELLED
        assert world.row(signed.id).refund_fen == PERSON_FEN
        assert taken(session, world.sides[0].team.id) == 0


def test_a_change_ends_the_old_the_day_the_new_begins(world: World, session: Session) -> None:
    old = world.signed()
    with later(world, 100):
        new = change(world, old)
        assert state(world, old) == State.CHANGE_REQUESTED
        refused("successor_exists", lambda: change(world, old, 0))
        refused("contract_moved", lambda: renew(world, new))  # not in force yet
        accepted = signing.accept_contract(session, world.sides[1].leader, new.id)
        check(world)
        signed = world.confirm(accepted)
        assert (signed.state, signed.starts_on) == (State.ACTIVE, clock.today())
        ended = world.row(old.id)
        assert (ended.state, ended.end_reason) == (State.TERMINATED, EndReason.CHANGED_TEAM)
        assert ended.refund_fen == PERSON_FEN  # nothing of it was performed
        assert [taken(session, side.team.id) for side in world.sides] == [0, 1]


@pytest.mark.parametrize("how", ["rejected", "withdrawn", "cancelled", "lapsed", "not signed"])
def test_a_change_that_comes_to_nothing_changes_nothing(
    world: World, session: Session, how: str
) -> None:
    old = world.signed()
    new = change(world, old)
    leader = world.sides[1].leader
    if how == "rejected":
        signing.reject_contract(session, leader, new.id, RejectContract(reason="请就近签约"))
    elif how == "withdrawn":
        succession.withdraw_change(session, world.resident, old.id)
        refused(
            "contract_moved",
            lambda: succession.withdraw_change(session, world.resident, old.id),
        )
    elif how == "cancelled":
        signing.cancel_contract(session, world.resident, new.id)
    elif how == "lapsed":
        with later(world, 8):
            assert state(world, new) == State.CANCELLED
    else:
        signing.accept_contract(session, leader, new.id)
        with later(world, 4):
            assert state(world, new) == State.CANCELLED
    check(world)
    assert state(world, old) == State.ACTIVE
    assert [taken(session, side.team.id) for side in world.sides] == [1, 0]


def test_a_change_that_changes_nothing_is_refused(world: World) -> None:
    old = world.signed()
    refused("nothing_changed", lambda: change(world, old, 0))
    check(world)
    assert state(world, old) == State.ACTIVE


def test_death_ends_the_wish_to_change_and_leaving_does_not(world: World, session: Session) -> None:
    old = world.signed()
    new = change(world, old)
    leave(world, old)
    check(world)
    assert state(world, new) == State.APPLIED
    again = signing.accept_contract(session, world.sides[1].leader, new.id)
    signed = world.confirm(again)
    back = change(world, signed, 0)
    dead = TerminateContract(reason=EndReason.DECEASED)
    signing.terminate_contract(session, world.sides[1].leader, signed.id, dead)
    check(world)
    assert state(world, back) == State.CANCELLED


def test_within_the_cooling_off_all_comes_back(world: World, session: Session) -> None:
    contract = world.signed()
    assert get_refund(session, world.resident, contract.id).rule is RefundRule.COOLING_OFF
    left = leave(world, contract)
    assert (left.end_reason, left.refund_fen) == (EndReason.COOLING_OFF, PERSON_FEN)
    check(world)


def test_the_leader_within_the_cooling_off_gives_a_reason(world: World, session: Session) -> None:
    contract, command = world.signed(), TerminateContract(reason=EndReason.MOVED)
    ended = signing.terminate_contract(session, world.sides[0].leader, contract.id, command)
    assert (ended.end_reason, ended.refund_fen) == (EndReason.MOVED, PERSON_FEN)


def test_the_rule_of_the_institution_holds_for_its_teams(world: World, session: Session) -> None:
    team = world.sides[0].team
    values = {
        "term_years": 2, "term_years_max": 2, "answer_days": 3, "confirm_days": 1,
        "expiring_days": 60, "cooling_off_days": 0, "dispute_answer_days": 1,
        "dispute_decide_days": 1, "capacity_per_doctor": 1,
    }  # fmt: skip
    rule = Rule(
        id=new_id(), institution_id=team.institution_id, institution_name="x",
        division_code=COUNTY, **values,
    )  # fmt: skip
    session.add(rule)
    session.flush()
    applied = world.applied()
    assert applied.answer_by
    assert applied.answer_by - applied.applied_at == timedelta(days=3)
    assert applied.term_years == 2
    signing.cancel_contract(session, world.resident, applied.id)
    with pytest.raises(Invalid) as refusal:
        command = ApplyForContract(team_id=team.id, years=3)
        signing.apply_for_contract(session, world.resident, command)
    assert "years" in refusal.value.fields
    contract = world.signed()
    assert contract.free_until is None
    assert get_refund(session, world.resident, contract.id).rule is RefundRule.UNPERFORMED
    with later(world, 671):
        assert renew(world, contract).state is State.APPLIED


def test_strangers_neither_renew_nor_change(world: World, session: Session) -> None:
    contract = world.signed()
    for actor in (world.sides[0].leader, world.sides[1].leader, world.administrator):
        with pytest.raises(Denied):
            succession.renew_contract(session, actor, contract.id, RenewContract())
        with pytest.raises(Denied):
            succession.change_contract(session, actor, contract.id, ChangeContract())
        with pytest.raises(Denied):
            succession.withdraw_change(session, actor, contract.id)


def test_the_database_knows_the_moves_of_the_machine(session: Session) -> None:
    rows = {(row.from_state, row.to_state) for row in session.scalars(select(Move))}
    assert rows == {(origin.value, target.value) for (origin, _), target in MOVES.items()}


@pytest.mark.parametrize(
    "values",
    [
        "state = 'renewed', ended_at = now(), end_reason = 'renewed'",
        "state = 'applied', waits_until = now()",
        "succeeding = true",
        "kind = 'renewal'",
        "refund_fen = 1",
        "refund_fen = -1, refund_basis = '{}'",
    ],
)
def test_the_database_refuses_what_may_not_be(world: World, session: Session, values: str) -> None:
    contract = world.signed()
    statement = text(f"UPDATE family_doctor_contract SET {values} WHERE id = :id")
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(statement, {"id": contract.id})


def test_two_in_force_are_impossible(world: World, session: Session) -> None:
    old = world.signed()
    with later(world, 340):
        new = world.confirm(renewed(world, old))
        begun = (
            update(Contract)
            .where(Contract.id == new.id)
            .values(state=State.ACTIVE, succeeding=False)
            .execution_options(synchronize_session=False)
        )
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(begun)


def test_the_history_names_the_calendar_and_the_people(world: World, session: Session) -> None:
    old = world.signed()
    new = change(world, old)
    session.commit()
    with clock.shifted(timedelta(days=8)):
        advance_contracts()
    assert path(session, old.id)[-2:] == [
        ("active", "change_requested", world.resident.account_id),
        ("change_requested", "active", None),
    ]
    assert path(session, new.id)[-1] == ("applied", "cancelled", None)


def path(session: Session, contract_id: UUID) -> list[tuple[str | None, str, UUID | None]]:
    query = select(ContractTransition).where(ContractTransition.contract_id == contract_id)
    rows = session.scalars(query.order_by(ContractTransition.id))
    return [(row.from_state, row.to_state, row.account_id) for row in rows]
