"""Moving a contract along its machine: one conditional update, its history, the team's places."""

from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict
from core.events import publish
from core.ids import new_id
from core.messages import N_
from family_doctor.events import ContractEnded, ContractEvent
from family_doctor.models import Contract, ContractTransition, Obligation, TeamLoad
from family_doctor.schemas import EndReason
from family_doctor.states import HOLDING_A_PLACE, IN_FORCE, State, Step, after
from service_packs.public import end_entitlements, hand_over
from service_packs.schemas import Source

MOVED = N_("这份签约刚有变化，请刷新页面，按最新的状态办理。")
FULL = N_("这个团队的签约名额已满，请选择附近的其他团队。")


def move(
    session: Session,
    actor: Actor | None,
    contract: Contract,
    step: Step,
    *,
    end_reason: EndReason | None = None,
    **values: object,
) -> Contract:
    """Take ``step`` and set ``values``; without an actor the calendar does it.

    Raises Conflict where the step may not be taken, or somebody else was faster.
    """
    origin = State(contract.state)
    target = after(origin, step)
    if target is None:
        raise Conflict("contract_moved", MOVED)
    change = (
        update(Contract)
        .where(Contract.id == contract.id, Contract.state == origin)
        .values(state=target, version=Contract.version + 1, end_reason=end_reason, **values)
        .returning(Contract)
    )
    fresh = {"populate_existing": True, "synchronize_session": False}
    moved = session.scalars(change, execution_options=fresh).one_or_none()
    if moved is None:
        raise Conflict("contract_moved", MOVED)
    remember(session, actor, moved.id, origin, target, end_reason)
    return moved


def end(
    session: Session,
    actor: Actor | None,
    contract: Contract,
    step: Step,
    reason: EndReason,
    note: str | None = None,
) -> Contract:
    """Take a step that ends the contract: its place is free, nothing more is owed."""
    origin = State(contract.state)
    ended = move(
        session,
        actor,
        contract,
        step,
        ended_at=clock.now(),
        end_reason=reason,
        end_note=note,
    )
    if origin in HOLDING_A_PLACE:
        release_place(session, ended.team_id)
    if origin in IN_FORCE:
        _excuse(session, ended.id)
        end_entitlements(session, Source.CONTRACT, ended.id)
        hand_over(session, ended.person_id, None)
    if step is not Step.REJECT:
        announce(session, ContractEnded, ended)
    return ended


def announce(session: Session, event: type[ContractEvent], contract: Contract) -> None:
    """Publish ``event`` about the contract."""
    fact = event(contract_id=contract.id, person_id=contract.person_id, team_id=contract.team_id)
    publish(session, fact)


def remember(
    session: Session,
    actor: Actor | None,
    contract_id: UUID,
    origin: State | None,
    target: State,
    reason: EndReason | None = None,
) -> None:
    """Write a line of the contract's history."""
    line = insert(ContractTransition).values(
        id=new_id(),
        contract_id=contract_id,
        at=clock.now(),
        account_id=actor.account_id if actor else None,
        actor_name=actor.name if actor else "",
        from_state=origin,
        to_state=target,
        reason=reason,
    )
    session.execute(line)


def take_place(session: Session, team_id: UUID, capacity: int) -> None:
    """Take one of the team's places, with one statement that two acceptances cannot both pass.

    Raises Conflict ``team_full``.
    """
    claim = postgresql.insert(TeamLoad).values(team_id=team_id, taken=1)
    claim = claim.on_conflict_do_update(
        index_elements=[TeamLoad.team_id],
        set_={"taken": TeamLoad.taken + 1},
        where=TeamLoad.taken < capacity,
    )
    if session.execute(claim.returning(TeamLoad.taken)).one_or_none() is None:
        raise Conflict("team_full", FULL)


def release_place(session: Session, team_id: UUID) -> None:
    """Give one of the team's places back."""
    session.execute(
        update(TeamLoad)
        .where(TeamLoad.team_id == team_id)
        .values(taken=TeamLoad.taken - 1)
        .execution_options(synchronize_session=False)
    )


def _excuse(session: Session, contract_id: UUID) -> None:
    """What was not yet due is owed no more; what was missed stays missed."""
    session.execute(
        update(Obligation)
        .where(
            Obligation.contract_id == contract_id,
            Obligation.done_at.is_(None),
            Obligation.due_on >= clock.today(),
        )
        .values(excused_at=clock.now())
        .execution_options(synchronize_session=False)
    )
