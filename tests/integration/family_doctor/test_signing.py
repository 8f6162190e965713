"""From application to contract: what each side may do, and what each step leaves behind."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict, Denied, NotFound
from directory.models import Team
from family_doctor.agreement import digest
from family_doctor.models import Contract, ContractTransition, Obligation
from family_doctor.queries.contracts import (
    find_active_contract,
    get_agreement,
    get_contract,
    list_contracts,
)
from family_doctor.schemas import (
    ApplyForContract,
    ConfirmContract,
    ContractSearch,
    ContractView,
    EndReason,
    RejectContract,
    TerminateContract,
)
from family_doctor.services import contracts as services
from family_doctor.states import State
from notifications.models import Message
from residents.models import Person
from residents.public import care_units
from service_packs.models import Entitlement
from tests.factories.auth import make_account
from tests.factories.directory import make_team
from tests.factories.family_doctor import (
    ITEMS,
    actor_of,
    make_basic_pack,
    make_contract,
    taken,
)
from tests.factories.residents import make_resident
from tests.factories.signing import STROKES

pytestmark = pytest.mark.usefixtures("session")


class Parties:
    """A verified resident and a team, with the actors of both."""

    def __init__(self, session: Session, capacity: int = 2000) -> None:
        make_basic_pack(session)
        account, self.person = make_resident(session)
        self.team, leader, nurse = make_team(session, capacity=capacity)
        self.session = session
        self.resident = actor_of(session, account.id)
        self.leader = actor_of(session, leader)
        self.nurse = actor_of(session, nurse)

    def apply(self) -> ContractView:
        command = ApplyForContract(team_id=self.team.id)
        return services.apply_for_contract(self.session, self.resident, command)

    def accepted(self) -> ContractView:
        return services.accept_contract(self.session, self.leader, self.apply().id)

    def signed(self) -> ContractView:
        contract = self.accepted()
        assert contract.agreement_sha256
        command = ConfirmContract(
            agreement_sha256=contract.agreement_sha256, agreed=True, strokes=STROKES
        )
        return services.confirm_contract(self.session, self.resident, contract.id, command)


@pytest.fixture
def parties(session: Session) -> Parties:
    return Parties(session)


def promises(session: Session, contract_id: UUID) -> list[Obligation]:
    query = select(Obligation).where(Obligation.contract_id == contract_id)
    return list(session.scalars(query.order_by(Obligation.due_on)))


def test_the_whole_way(parties: Parties, session: Session) -> None:
    contract = parties.signed()
    assert contract.state is State.ACTIVE
    assert contract.starts_on == clock.today()
    assert contract.ends_on
    assert 364 <= (contract.ends_on - contract.starts_on).days <= 365
    assert taken(session, parties.team.id) == 1
    planned = promises(session, contract.id)
    assert len(planned) == sum(times for _, times in ITEMS)
    assert planned[-1].due_on == contract.ends_on
    entitlement = session.scalars(select(Entitlement)).one()
    assert (entitlement.source_id, entitlement.ends_on) == (contract.id, contract.ends_on)
    assert entitlement.team_id == parties.team.id
    path = session.scalars(select(ContractTransition).order_by(ContractTransition.id)).all()
    assert [line.to_state for line in path] == ["applied", "pending_signature", "active"]
    assert path[1].account_id == parties.leader.account_id
    messages = select(func.count()).select_from(Message)
    assert session.scalar(messages.where(Message.person_id == parties.person.id)) == 2


def test_the_contract_keeps_the_price_of_its_signing(parties: Parties) -> None:
    contract = parties.apply()
    assert (contract.price_fen, contract.public_health_fen, contract.insurance_fen) == (
        1500,
        1000,
        500,
    )


def test_both_sides_see_the_same(parties: Parties, session: Session) -> None:
    contract = parties.signed()
    for actor in (parties.resident, parties.leader, parties.nurse):
        assert get_contract(session, actor, contract.id) == contract
    own = list_contracts(session, parties.resident, ContractSearch())
    teams = list_contracts(session, parties.nurse, ContractSearch(team_id=parties.team.id))
    assert own.items == teams.items == [contract]
    assert find_active_contract(session, parties.person.id) == contract


def test_the_serving_units_are_known_from_signing_on(parties: Parties, session: Session) -> None:
    contract = parties.accepted()
    assert care_units(session, parties.person.id) == ()
    command = ConfirmContract(
        agreement_sha256=str(contract.agreement_sha256), agreed=True, strokes=STROKES
    )
    services.confirm_contract(session, parties.resident, contract.id, command)
    units = care_units(session, parties.person.id)
    assert units[:2] == (str(parties.team.id), str(parties.team.institution_id))
    assert parties.person.division_code in units


def test_the_agreement_is_frozen_and_its_digest_proves_it(
    parties: Parties, session: Session
) -> None:
    contract = parties.accepted()
    agreement = get_agreement(session, parties.resident, contract.id)
    assert digest(agreement.text).hex() == agreement.sha256 == contract.agreement_sha256
    assert parties.person.name in agreement.text


def test_consent_to_another_text_counts_for_nothing(parties: Parties, session: Session) -> None:
    contract = parties.accepted()
    command = ConfirmContract(agreement_sha256="0" * 64, agreed=True, strokes=STROKES)
    with pytest.raises(Conflict) as refused:
        services.confirm_contract(session, parties.resident, contract.id, command)
    assert refused.value.code == "agreement_changed"


def test_there_is_no_agreement_before_acceptance(parties: Parties, session: Session) -> None:
    with pytest.raises(NotFound):
        get_agreement(session, parties.resident, parties.apply().id)


def test_a_rejection_carries_its_reason_and_frees_the_resident(
    parties: Parties, session: Session
) -> None:
    contract = parties.apply()
    command = RejectContract(reason="住得太远，建议签就近的团队")
    rejected = services.reject_contract(session, parties.leader, contract.id, command)
    assert rejected.state is State.REJECTED
    assert rejected.end_reason is EndReason.REJECTED
    seen = get_contract(session, parties.resident, contract.id)
    assert seen.end_note == "住得太远，建议签就近的团队"
    assert taken(session, parties.team.id) == 0
    assert parties.apply().state is State.APPLIED


def test_one_live_contract_a_person(parties: Parties, session: Session) -> None:
    parties.apply()
    other, _, _ = make_team(session)
    with pytest.raises(Conflict) as refused:
        services.apply_for_contract(session, parties.resident, ApplyForContract(team_id=other.id))
    assert refused.value.code == "contract_exists"


def test_cancelling_after_acceptance_gives_the_place_back(
    parties: Parties, session: Session
) -> None:
    contract = parties.accepted()
    assert taken(session, parties.team.id) == 1
    cancelled = services.cancel_contract(session, parties.resident, contract.id)
    assert cancelled.end_reason is EndReason.WITHDRAWN
    assert taken(session, parties.team.id) == 0


@pytest.mark.parametrize("side", ["resident", "leader"])
def test_termination_ends_what_is_owed(parties: Parties, session: Session, side: str) -> None:
    contract = parties.signed()
    actor: Actor = getattr(parties, side)
    with clock.shifted(timedelta(days=100)):
        ended = services.terminate_contract(
            session, actor, contract.id, TerminateContract(reason=EndReason.MOVED)
        )
    assert ended.state is State.TERMINATED
    assert taken(session, parties.team.id) == 0
    assert care_units(session, parties.person.id) == ()
    states = [(row.due_on < ended.ended_at.date(), row.excused_at) for row in  # type: ignore[union-attr]
              promises(session, contract.id)]  # fmt: skip
    assert all((excused is None) == missed for missed, excused in states)
    assert session.scalars(select(Entitlement)).one().ended_at


def test_steps_cannot_be_repeated_or_skipped(parties: Parties, session: Session) -> None:
    contract = parties.apply()
    confirm = ConfirmContract(agreement_sha256="0" * 64, agreed=True, strokes=STROKES)
    with pytest.raises(Conflict):
        services.confirm_contract(session, parties.resident, contract.id, confirm)
    services.accept_contract(session, parties.leader, contract.id)
    rejection = RejectContract(reason="太晚了")
    too_late: list[Callable[[], object]] = [
        lambda: services.accept_contract(session, parties.leader, contract.id),
        lambda: services.reject_contract(session, parties.leader, contract.id, rejection),
    ]
    for late in too_late:
        with pytest.raises(Conflict) as refused:
            late()
        assert refused.value.code == "contract_moved"
    assert taken(session, parties.team.id) == 1


def test_a_full_team_takes_nobody_more(session: Session) -> None:
    parties = Parties(session, capacity=1)
    waiting = parties.apply()
    _, first = make_resident(session)
    make_contract(session, first, parties.team)
    with pytest.raises(Conflict) as refused:
        services.accept_contract(session, parties.leader, waiting.id)
    assert refused.value.code == "team_full"
    account, _ = make_resident(session)
    late = ApplyForContract(team_id=parties.team.id)
    with pytest.raises(Conflict) as refused:
        services.apply_for_contract(session, actor_of(session, account.id), late)
    assert refused.value.code == "team_full"


def test_a_closed_team_takes_nobody(parties: Parties, session: Session) -> None:
    session.get_one(Team, parties.team.id).disabled_at = clock.now()
    session.flush()
    with pytest.raises(Conflict) as refused:
        parties.apply()
    assert refused.value.code == "team_closed"


def test_who_is_not_verified_is_told_so(parties: Parties, session: Session) -> None:
    stranger = actor_of(session, make_account(session).id)
    with pytest.raises(Conflict) as refused:
        services.apply_for_contract(session, stranger, ApplyForContract(team_id=parties.team.id))
    assert refused.value.code == "not_verified"


def test_others_are_refused(parties: Parties, session: Session) -> None:
    contract = parties.apply()
    account, _ = make_resident(session)
    _, other_leader, _ = make_team(session)
    neighbour = actor_of(session, account.id)
    rival = actor_of(session, other_leader)
    rejection = RejectContract(reason="不行")
    for attempt in (
        lambda: get_contract(session, neighbour, contract.id),
        lambda: get_contract(session, rival, contract.id),
        lambda: services.cancel_contract(session, neighbour, contract.id),
        lambda: services.cancel_contract(session, parties.leader, contract.id),
        lambda: services.accept_contract(session, rival, contract.id),
        lambda: services.accept_contract(session, parties.nurse, contract.id),
        lambda: services.accept_contract(session, parties.resident, contract.id),
        lambda: services.reject_contract(session, rival, contract.id, rejection),
        lambda: list_contracts(session, rival, ContractSearch(team_id=parties.team.id)),
    ):
        with pytest.raises(Denied):
            attempt()
    assert session.get_one(Contract, contract.id).state == State.APPLIED


def test_another_cannot_consent(parties: Parties, session: Session) -> None:
    contract = parties.accepted()
    account, _ = make_resident(session)
    command = ConfirmContract(
        agreement_sha256=str(contract.agreement_sha256), agreed=True, strokes=STROKES
    )
    for actor in (actor_of(session, account.id), parties.leader):
        with pytest.raises(Denied):
            services.confirm_contract(session, actor, contract.id, command)


def test_an_unknown_contract_is_not_found(parties: Parties, session: Session) -> None:
    with pytest.raises(NotFound):
        get_contract(session, parties.resident, uuid4())


def test_the_reason_is_not_readable_in_the_database(parties: Parties, session: Session) -> None:
    contract = parties.apply()
    services.reject_contract(
        session, parties.leader, contract.id, RejectContract(reason="一段私密的话")
    )
    stored = session.execute(text("SELECT end_note FROM family_doctor_contract")).scalar_one()
    assert "一段私密的话".encode() not in bytes(stored)


def test_a_person_can_sign_again_after_the_end(parties: Parties, session: Session) -> None:
    person = session.get_one(Person, parties.person.id)
    make_contract(session, person, parties.team, state=State.EXPIRED)
    assert parties.signed().state is State.ACTIVE
