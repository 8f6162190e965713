"""What the calendar does to contracts: lapses, reminders of the end, the end."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core import clock
from directory.public import teams_by_id
from family_doctor.models import Contract
from family_doctor.schemas import EndReason
from family_doctor.services import notices
from family_doctor.services.moves import end, move
from family_doctor.states import ANSWER_WITHIN, RENEWAL_BEFORE_END, SIGN_WITHIN, State, Step

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
)


def advance(session: Session, deadline: Deadline) -> int:
    """Move on at most ``BATCH`` contracts whose time has come; returns how many.

    Rows that another worker holds are left to it.
    """
    query = (
        select(Contract)
        .where(Contract.state == deadline.state, _has_come(deadline.state))
        .order_by(Contract.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    contracts = list(session.scalars(query))
    names = teams_by_id(session, {contract.team_id for contract in contracts})
    for contract in contracts:
        if deadline.reason is None:
            moved = move(session, None, contract, deadline.step)
        else:
            moved = end(session, None, contract, deadline.step, deadline.reason)
        notices.tell(session, moved, deadline.sentence, names[moved.team_id].name)
    return len(contracts)


def _has_come(state: State) -> ColumnElement[bool]:
    now, today = clock.now(), clock.today()
    conditions: dict[State, ColumnElement[bool]] = {
        State.APPLIED: Contract.applied_at <= now - ANSWER_WITHIN,
        State.PENDING_SIGNATURE: Contract.accepted_at <= now - SIGN_WITHIN,
        State.ACTIVE: Contract.ends_on <= today + RENEWAL_BEFORE_END,
        State.EXPIRING: Contract.ends_on < today,
    }
    return conditions[state]
