"""What the calendar does to contracts: lapses, reminders of the end, the end."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from core import clock
from directory.public import teams_by_id
from family_doctor.models import Contract
from family_doctor.queries.rules import near_end
from family_doctor.schemas import EndReason
from family_doctor.services import notices
from family_doctor.services.moves import end, move, successor
from family_doctor.services.succession import begin_renewal
from family_doctor.states import LIVE, State, Step

BATCH = 200


class Deadline(NamedTuple):
    """A state that time moves on: by which step, why it ends (None: it goes on), what is said."""

    state: State
    step: Step
    reason: EndReason | None
    sentence: str


DEADLINES = (
    Deadline(State.APPLIED, Step.LAPSE, EndReason.NOT_ANSWERED, notices.NOT_ANSWERED),
    Deadline(State.PENDING_SIGNATURE, Step.LAPSE, EndReason.NOT_SIGNED, notices.NOT_SIGNED),
    Deadline(State.ACTIVE, Step.NEAR_END, None, notices.NEAR_END),
    Deadline(State.EXPIRING, Step.EXPIRE, EndReason.EXPIRED, notices.EXPIRED),
    Deadline(State.CHANGE_REQUESTED, Step.EXPIRE, EndReason.EXPIRED, notices.EXPIRED),
)


def advance(session: Session, deadline: Deadline) -> int:
    """Move on at most ``BATCH`` contracts whose time has come; returns how many.

    People whose contracts another worker or a request holds are left to it.
    """
    query = (
        select(Contract.id, Contract.person_id)
        .where(Contract.state == deadline.state, _has_come(session, deadline.state))
        .order_by(Contract.id)
        .limit(BATCH)
    )
    come = session.execute(query).all()
    held = _held(session, {row.person_id for row in come}, {row.id for row in come})
    names = teams_by_id(session, {contract.team_id for contract in held.values()})
    moved = 0
    for row in come:
        contract = held.get(row.id)
        if contract is None or contract.state != deadline.state:
            continue
        if contract.succeeding and contract.previous_id not in held:
            continue
        after, sentence = _advance(session, deadline, contract)
        notices.tell(session, after, sentence, names[after.team_id].name)
        moved += 1
    return moved


def _advance(session: Session, deadline: Deadline, contract: Contract) -> tuple[Contract, str]:
    """The contract to speak of, and what to say."""
    if deadline.reason is None:
        return move(session, None, contract, deadline.step), deadline.sentence
    if deadline.state is State.EXPIRING:
        following = successor(session, contract)
        if following is not None and following.state == State.SIGNED:
            return begin_renewal(session, contract, following), notices.RENEWED
    return end(session, None, contract, deadline.step, deadline.reason), deadline.sentence


def _held(session: Session, people: set[UUID], ids: set[UUID]) -> dict[UUID, Contract]:
    """The live contracts of these people, as they are now, of those whom nobody else holds."""
    if not people:
        return {}
    rows = session.scalars(
        select(Contract)
        .where(
            Contract.person_id.in_(people),
            or_(Contract.state.in_(LIVE), Contract.id.in_(ids)),
        )
        .order_by(Contract.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def _has_come(session: Session, state: State) -> ColumnElement[bool]:
    if state is State.ACTIVE:
        return near_end(session)
    if state in (State.APPLIED, State.PENDING_SIGNATURE):
        return Contract.waits_until <= clock.now()
    return Contract.ends_on < clock.today()
