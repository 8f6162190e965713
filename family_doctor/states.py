"""The contract as one explicit machine: its states, the steps between them, and nothing else.

Pure. ``accepted`` of the national process is the step ACCEPT itself: accepting freezes the
agreement text at once, so a contract never rests there. Deadlines are those of the region's
contract rules (design proposal of the facts, days): an application is answered within 7, an
agreement signed within 3, renewal comes up 30 before the end; the term is one year.
"""

from datetime import timedelta
from enum import StrEnum

ANSWER_WITHIN = timedelta(days=7)
SIGN_WITHIN = timedelta(days=3)
RENEWAL_BEFORE_END = timedelta(days=30)
TERM_YEARS = 1


class State(StrEnum):
    """Where a contract stands."""

    APPLIED = "applied"
    PENDING_SIGNATURE = "pending_signature"
    ACTIVE = "active"
    EXPIRING = "expiring"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TERMINATED = "terminated"


class Step(StrEnum):
    """What moves a contract on: of the team, of the resident, or of the calendar (last three)."""

    ACCEPT = "accept"
    REJECT = "reject"
    SIGN = "sign"
    CANCEL = "cancel"
    TERMINATE = "terminate"
    LAPSE = "lapse"
    NEAR_END = "near_end"
    EXPIRE = "expire"


MOVES: dict[tuple[State, Step], State] = {
    (State.APPLIED, Step.ACCEPT): State.PENDING_SIGNATURE,
    (State.APPLIED, Step.REJECT): State.REJECTED,
    (State.APPLIED, Step.CANCEL): State.CANCELLED,
    (State.APPLIED, Step.LAPSE): State.CANCELLED,
    (State.PENDING_SIGNATURE, Step.SIGN): State.ACTIVE,
    (State.PENDING_SIGNATURE, Step.CANCEL): State.CANCELLED,
    (State.PENDING_SIGNATURE, Step.LAPSE): State.CANCELLED,
    (State.ACTIVE, Step.NEAR_END): State.EXPIRING,
    (State.ACTIVE, Step.TERMINATE): State.TERMINATED,
    (State.EXPIRING, Step.TERMINATE): State.TERMINATED,
    (State.EXPIRING, Step.EXPIRE): State.EXPIRED,
}

# The team owes services; the resident is signed.
IN_FORCE = frozenset({State.ACTIVE, State.EXPIRING})
# One of the team's places is taken: from acceptance on.
HOLDING_A_PLACE = IN_FORCE | {State.PENDING_SIGNATURE}
# A person has at most one of these.
LIVE = HOLDING_A_PLACE | {State.APPLIED}
ENDED = frozenset(State) - LIVE


def after(state: State, step: Step) -> State | None:
    """Where ``step`` leads from ``state``; None where it may not be taken."""
    return MOVES.get((state, step))


def origins(step: Step) -> frozenset[State]:
    """The states from which ``step`` may be taken."""
    return frozenset(state for state, taken in MOVES if taken is step)


def destination(step: Step) -> State:
    """Where ``step`` leads; the same from every state it may be taken in."""
    return next(target for (_, taken), target in MOVES.items() if taken is step)


def steps(state: State) -> frozenset[Step]:
    """The steps that may be taken in ``state``."""
    return frozenset(taken for origin, taken in MOVES if origin is state)
