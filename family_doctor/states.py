"""The contract as one explicit machine: its states, the steps between them, and nothing else.

Pure. ``draft`` of the national process is the form that was not sent yet, ``accepted`` is the step
ACCEPT itself, which freezes the agreement text at once: a contract rests in neither. ``signed`` is
this portal's own: a renewal that both sides signed and whose term has not begun. Deadlines and
terms are rules of the region (``family_doctor.schemas.rules``). docs/adr/0019 says why.
"""

from enum import StrEnum


class State(StrEnum):
    """Where a contract stands."""

    APPLIED = "applied"
    PENDING_SIGNATURE = "pending_signature"
    SIGNED = "signed"
    ACTIVE = "active"
    EXPIRING = "expiring"
    CHANGE_REQUESTED = "change_requested"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RENEWED = "renewed"
    TERMINATED = "terminated"


class Step(StrEnum):
    """What moves a contract on: of the team, of the resident, of the calendar, or of the contract
    that succeeds it (CHANGE, KEEP, RENEW) or that it succeeds (BEGIN).
    """

    ACCEPT = "accept"
    REJECT = "reject"
    SIGN = "sign"
    SIGN_AHEAD = "sign_ahead"
    BEGIN = "begin"
    CANCEL = "cancel"
    TERMINATE = "terminate"
    REQUEST_CHANGE = "request_change"
    KEEP = "keep"
    CHANGE = "change"
    LAPSE = "lapse"
    NEAR_END = "near_end"
    RENEW = "renew"
    EXPIRE = "expire"


MOVES: dict[tuple[State, Step], State] = {
    (State.APPLIED, Step.ACCEPT): State.PENDING_SIGNATURE,
    (State.APPLIED, Step.REJECT): State.REJECTED,
    (State.APPLIED, Step.CANCEL): State.CANCELLED,
    (State.APPLIED, Step.LAPSE): State.CANCELLED,
    (State.PENDING_SIGNATURE, Step.SIGN): State.ACTIVE,
    (State.PENDING_SIGNATURE, Step.SIGN_AHEAD): State.SIGNED,
    (State.PENDING_SIGNATURE, Step.CANCEL): State.CANCELLED,
    (State.PENDING_SIGNATURE, Step.LAPSE): State.CANCELLED,
    (State.SIGNED, Step.BEGIN): State.ACTIVE,
    (State.SIGNED, Step.CANCEL): State.CANCELLED,
    (State.ACTIVE, Step.NEAR_END): State.EXPIRING,
    (State.ACTIVE, Step.REQUEST_CHANGE): State.CHANGE_REQUESTED,
    (State.ACTIVE, Step.TERMINATE): State.TERMINATED,
    (State.EXPIRING, Step.REQUEST_CHANGE): State.CHANGE_REQUESTED,
    (State.EXPIRING, Step.TERMINATE): State.TERMINATED,
    (State.EXPIRING, Step.RENEW): State.RENEWED,
    (State.EXPIRING, Step.EXPIRE): State.EXPIRED,
    (State.CHANGE_REQUESTED, Step.KEEP): State.ACTIVE,
    (State.CHANGE_REQUESTED, Step.CHANGE): State.TERMINATED,
    (State.CHANGE_REQUESTED, Step.TERMINATE): State.TERMINATED,
    (State.CHANGE_REQUESTED, Step.EXPIRE): State.EXPIRED,
}

# The team owes services; the resident is signed.
IN_FORCE = frozenset({State.ACTIVE, State.EXPIRING, State.CHANGE_REQUESTED})
# On the way to being in force.
UNDER_WAY = frozenset({State.APPLIED, State.PENDING_SIGNATURE, State.SIGNED})
# One of the team's places is taken, from acceptance on; a successor with the same team uses its
# predecessor's until it begins (``services.places``).
HOLDING_A_PLACE = IN_FORCE | {State.PENDING_SIGNATURE, State.SIGNED}
# A person has at most one of these, and beside one in force at most one that succeeds it.
LIVE = IN_FORCE | UNDER_WAY
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
