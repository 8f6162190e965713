"""Many at once, with real commits: a team is never overfull, a person never signed twice."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor, Role
from core.database import transaction
from core.errors import Conflict
from family_doctor import jobs
from family_doctor.models import Contract, Obligation, SealedAgreement, Signature
from family_doctor.schemas import (
    ApplyForContract,
    ChangeContract,
    ConfirmContract,
    EndReason,
    RenewContract,
    TerminateContract,
)
from family_doctor.services import contracts as services
from family_doctor.services import succession
from family_doctor.services.promises import keep_promise
from family_doctor.states import HOLDING_A_PLACE, State
from tests.factories.directory import make_team
from tests.factories.family_doctor import (
    actor_of,
    make_basic_pack,
    make_contract,
    make_service_record,
    taken,
)
from tests.factories.residents import make_person, make_resident
from tests.factories.signing import STROKES
from tests.integration.family_doctor.test_signing import Parties

pytestmark = pytest.mark.usefixtures("committed_database")
T = TypeVar("T")


def at_once(work: Callable[[T], object], items: Iterable[T]) -> list[str]:
    """The outcome of each: "done" or a refusal's code."""

    def one(item: T) -> str:
        try:
            work(item)
        except Conflict as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, items))


def test_a_team_is_never_overfull(committed_database: Engine) -> None:
    with transaction() as session:
        team, leader, _ = make_team(session, capacity=5)
        waiting = [
            make_contract(session, make_person(session), team, state=State.APPLIED).id
            for _ in range(16)
        ]
        actor = actor_of(session, leader)

    def accept(contract_id: UUID) -> None:
        with transaction() as session:
            services.accept_contract(session, actor, contract_id)

    outcomes = at_once(accept, waiting)
    assert sorted(outcomes) == ["done"] * 5 + ["team_full"] * 11
    with transaction() as session:
        held = select(func.count()).where(
            Contract.team_id == team.id, Contract.state.in_(HOLDING_A_PLACE)
        )
        assert session.scalar(held) == taken(session, team.id) == 5


def test_one_application_is_accepted_once(committed_database: Engine) -> None:
    with transaction() as session:
        team, leader, _ = make_team(session)
        contract = make_contract(session, make_person(session), team, state=State.APPLIED)
        actor = actor_of(session, leader)

    def accept(contract_id: UUID) -> None:
        with transaction() as session:
            services.accept_contract(session, actor, contract_id)

    outcomes = at_once(accept, [contract.id] * 8)
    assert sorted(outcomes) == ["contract_moved"] * 7 + ["done"]
    with transaction() as session:
        assert taken(session, team.id) == 1


def test_a_resident_signs_once(committed_database: Engine) -> None:
    with transaction() as session:
        make_basic_pack(session)
        team, leader, _ = make_team(session)
        account, _ = make_resident(session)
        actor = actor_of(session, account.id)
        applied = services.apply_for_contract(session, actor, ApplyForContract(team_id=team.id))
    with transaction() as session:
        accepted = services.accept_contract(session, actor_of(session, leader), applied.id)

    def sign(digest: str) -> None:
        command = ConfirmContract(agreement_sha256=digest, agreed=True, strokes=STROKES)
        with transaction() as session:
            services.confirm_contract(session, actor, applied.id, command)

    outcomes = at_once(sign, [str(accepted.agreement_sha256)] * 8)
    assert sorted(outcomes) == ["contract_moved"] * 7 + ["done"]
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(Signature)) == 2


def test_a_contract_is_sealed_once(committed_database: Engine) -> None:
    with transaction() as session:
        contract = Parties(session).signed()
    assert at_once(jobs.seal_contract, [str(contract.id)] * 4) == ["done"] * 4
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(SealedAgreement)) == 1


def test_a_person_applies_once(committed_database: Engine) -> None:
    with transaction() as session:
        make_basic_pack(session)
        teams = [make_team(session)[0].id for _ in range(8)]
        account, _ = make_resident(session)
        actor: Actor = actor_of(session, account.id)

    def apply(team_id: UUID) -> None:
        with transaction() as session:
            services.apply_for_contract(session, actor, ApplyForContract(team_id=team_id))

    outcomes = at_once(apply, teams)
    assert sorted(outcomes) == ["contract_exists"] * 7 + ["done"]


def test_two_records_at_once_settle_two_promises(committed_database: Engine) -> None:
    with transaction() as session:
        team, _, _ = make_team(session)
        # Three were missed and the last is open.
        begun = clock.today() - timedelta(days=350)
        contract = make_contract(session, make_person(session), team, starts_on=begun)
        records = [make_service_record(session, contract, "T02") for _ in range(4)]

    def settle(record_id: UUID) -> None:
        with transaction() as session:
            assert keep_promise(
                session,
                person_id=contract.person_id,
                item_code="T02",
                record_id=record_id,
                performed_at=clock.now(),
            )

    assert at_once(settle, records) == ["done"] * 4
    with transaction() as session:
        settled = select(Obligation.service_record_id).where(Obligation.item_code == "T02")
        assert set(session.scalars(settled)) == set(records)


def near_its_end(session: Session, capacity: int = 2000) -> tuple[Contract, Actor, Actor, Actor]:
    """An expiring contract, its resident, its leader, and the leader of another team."""
    team, leader, _ = make_team(session, capacity=capacity)
    _, other, _ = make_team(session)
    account, person = make_resident(session)
    begun = clock.today() - timedelta(days=350)
    contract = make_contract(session, person, team, state=State.EXPIRING, starts_on=begun)
    actors = [actor_of(session, each) for each in (account.id, leader, other)]
    return contract, actors[0], actors[1], actors[2]


def test_many_taps_renew_once(committed_database: Engine) -> None:
    with transaction() as session:
        contract, resident, _, _ = near_its_end(session, capacity=1)

    def renew(_: int) -> None:
        with transaction() as session:
            succession.renew_contract(session, resident, contract.id, RenewContract())

    assert at_once(renew, range(8)) == ["done"] * 8
    with transaction() as session:
        waiting = select(func.count()).where(Contract.succeeding)
        assert session.scalar(waiting) == taken(session, contract.team_id) == 1


def test_change_and_leave_at_once(committed_database: Engine) -> None:
    with transaction() as session:
        contract, resident, leader, other = near_its_end(session)
        team_id = UUID(next(iter(other.units(Role.LEADER))))

    def change() -> None:
        with transaction() as session:
            command = ChangeContract(team_id=team_id)
            succession.change_contract(session, resident, contract.id, command)

    def leave() -> None:
        with transaction() as session:
            command = TerminateContract(reason=EndReason.MOVED)
            services.terminate_contract(session, leader, contract.id, command)

    outcomes = at_once(lambda work: work(), [change, leave, change, leave])
    assert outcomes[1::2].count("done") == 1
    with transaction() as session:
        ended = session.get_one(Contract, contract.id)
        assert (ended.state, taken(session, contract.team_id)) == (State.TERMINATED, 0)
        live = session.scalars(select(Contract).where(Contract.previous_id == contract.id)).all()
        assert [(row.state, row.succeeding) for row in live] in ([], [(State.APPLIED, False)])


def test_sign_a_change_while_the_old_is_ended(committed_database: Engine) -> None:
    with transaction() as session:
        contract, resident, leader, other = near_its_end(session)
        team_id = UUID(next(iter(other.units(Role.LEADER))))
        command = ChangeContract(team_id=team_id)
        new = succession.change_contract(session, resident, contract.id, command)
        accepted = services.accept_contract(session, other, new.id)

    def sign() -> None:
        consent = ConfirmContract(
            agreement_sha256=str(accepted.agreement_sha256), agreed=True, strokes=STROKES
        )
        with transaction() as session:
            services.confirm_contract(session, resident, new.id, consent)

    def end() -> None:
        with transaction() as session:
            reason = TerminateContract(reason=EndReason.MOVED)
            services.terminate_contract(session, leader, contract.id, reason)

    outcomes = at_once(lambda work: work(), [sign, end, sign, end])
    assert outcomes[0::2].count("done") == 1
    with transaction() as session:
        assert session.get_one(Contract, contract.id).state == State.TERMINATED
        assert session.get_one(Contract, new.id).state == State.ACTIVE
        assert (taken(session, contract.team_id), taken(session, team_id)) == (0, 1)
