"""Moving a contract along its machine: one conditional update, its history, the team's places, and
what becomes of the contract that it succeeds or that waits to succeed it.
"""

from datetime import timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import insert, or_, select, text, update
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.errors import Conflict
from core.events import publish
from core.ids import new_id
from core.messages import N_
from family_doctor.events import ContractEnded, ContractEvent
from family_doctor.models import SUCCESSOR, Contract, ContractTransition, Obligation
from family_doctor.queries.refunds import reckon_refund, rule_now, stored
from family_doctor.queries.rules import rule_for
from family_doctor.schemas import EndReason, RefundView
from family_doctor.services.places import holds_place, release_place, shares_place
from family_doctor.services.refunds import owe_for_contract
from family_doctor.services.waiting import begin_waiting
from family_doctor.states import IN_FORCE, LIVE, State, Step, after
from service_packs.public import end_entitlements, hand_over, list_bought
from service_packs.schemas import Source

MOVED = N_("这份签约刚有变化，请刷新页面，按最新的状态办理。")
# After these the person's part that was not served is due back.
REFUNDED = frozenset({Step.TERMINATE, Step.CHANGE})


class Doer(Protocol):
    """Who does something, as a contract's history names them."""

    @property
    def account_id(self) -> UUID | None:
        """Their account."""

    @property
    def name(self) -> str:
        """Their name then."""


def hold(session: Session, contract: Contract) -> Contract:
    """The contract as it is now, held with all live ones of its person until the transaction ends.

    Oldest first, so that two who move contracts of one person wait for each other in one order.
    """
    live = or_(Contract.state.in_(LIVE), Contract.id == contract.id)
    session.scalars(
        select(Contract)
        .where(Contract.person_id == contract.person_id, live)
        .order_by(Contract.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return contract


def predecessor(session: Session, contract: Contract) -> Contract | None:
    """The contract in force that this one is to succeed."""
    if not contract.succeeding or contract.previous_id is None:
        return None
    return session.get_one(Contract, contract.previous_id)


def successor(session: Session, contract: Contract) -> Contract | None:
    """The contract under way that is to succeed this one."""
    query = select(Contract).where(Contract.previous_id == contract.id, text(SUCCESSOR))
    return session.scalar(query)


def move(
    session: Session,
    actor: Doer | None,
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
    values["waits_until"] = None
    if target is State.PENDING_SIGNATURE:
        days = rule_for(session, contract.institution_id).confirm_days
        values["waits_until"] = clock.now() + timedelta(days=days)
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
    """Take a step that ends the contract: its place is free unless its successor goes on with it,
    nothing more is owed, what is due back is set, and its neighbours go on without it.
    """
    origin, held = State(contract.state), holds_place(contract)
    due: RefundView | None = None
    leaves = step is Step.TERMINATE
    if leaves or (contract.refund_basis is None and (step in REFUNDED or origin is State.SIGNED)):
        due = reckon_refund(session, contract, rule_now(contract), with_bought=leaves)
    ended = move(
        session,
        actor,
        contract,
        step,
        ended_at=clock.now(),
        end_reason=reason,
        end_note=note,
        **(stored(due) if due else {}),
    )
    if due is not None:
        owe_for_contract(session, ended, due, ended.id)
    place_goes_on = False
    if origin in IN_FORCE:
        _excuse(session, ended.id)
        end_entitlements(session, Source.CONTRACT, ended.id)
        if step is Step.TERMINATE:
            _end_bought(session, ended.person_id)
        hand_over(session, ended.person_id, None)
        if step is Step.EXPIRE:
            begin_waiting(session, ended)
        if step not in (Step.RENEW, Step.CHANGE):
            place_goes_on = _leave_successor(session, actor, ended, step, reason)
        else:
            following = successor(session, ended)
            place_goes_on = following is not None and shares_place(following)
    elif ended.succeeding:
        _keep_predecessor(session, actor, ended)
    if held and not place_goes_on:
        release_place(session, ended.team_id)
    if step is not Step.REJECT:
        announce(session, ContractEnded, ended)
    return ended


def _end_bought(session: Session, person_id: UUID) -> None:
    """What the team does not serve any more is due back (``reckon_refund``), so it ends."""
    for granted, _ in list_bought(session, person_id):
        end_entitlements(session, Source.ORDER, granted.source_id)


def _leave_successor(
    session: Session, actor: Actor | None, ended: Contract, step: Step, reason: EndReason
) -> bool:
    """What was to follow a contract that ended otherwise. Whether it goes on with its place.

    Who leaves the team does not renew with it, and the dead change nothing; an application to
    another team, or a renewal that was not signed in time, goes on as one of its own.
    """
    following = successor(session, ended)
    if following is None:
        return False
    shared = shares_place(following)
    if reason is EndReason.DECEASED or (shared and step is Step.TERMINATE):
        end(session, actor, following, Step.CANCEL, EndReason.WITHDRAWN)
        return False
    following.succeeding = False
    session.flush()
    return shared and holds_place(following)


def _keep_predecessor(session: Session, actor: Actor | None, ended: Contract) -> None:
    """A change that came to nothing leaves the contract in force as it was."""
    before = predecessor(session, ended)
    if before is not None and before.state == State.CHANGE_REQUESTED:
        move(session, actor, before, Step.KEEP)


def announce(session: Session, event: type[ContractEvent], contract: Contract) -> None:
    """Publish ``event`` about the contract."""
    fact = event(contract_id=contract.id, person_id=contract.person_id, team_id=contract.team_id)
    publish(session, fact)


def remember(
    session: Session,
    actor: Doer | None,
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
