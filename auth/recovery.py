"""A lost phone as one explicit machine: two members of staff see the papers, the old contact can
object for a day, then the new phone takes over; an objection is weighed by a third person. Pure.
"""

from datetime import timedelta
from enum import StrEnum

# The second member of staff sees the papers on the same visit.
CONFIRM_WITHIN = timedelta(hours=8)
# Long enough that the holder of the old phone hears of it once awake; short enough that one who
# really lost it is helped the next day. Own judgement; the SMS names it.
WAIT = timedelta(hours=24)
# Whoever holds the old phone may be the owner, or who stole it. After their objection a security
# administrator decides, with the papers and the person in front of them, and the wait is a week:
# time enough for an owner who is no party to it to come to an institution. Own judgement.
REVIEW_WITHIN = timedelta(days=30)
REVIEWED_WAIT = timedelta(days=7)


class State(StrEnum):
    """Where a recovery stands."""

    BEGUN = "begun"
    WAITING = "waiting"
    CONTESTED = "contested"
    REVIEWED = "reviewed"
    DONE = "done"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Move(StrEnum):
    """What moves it on: of staff, of the old contact, of a security administrator who weighs its
    objection, or of the calendar (last two).
    """

    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
    OBJECT = "object"
    OVERRULE = "overrule"
    UPHOLD = "uphold"
    TAKE_EFFECT = "take_effect"
    LAPSE = "lapse"


MOVES: dict[tuple[State, Move], State] = {
    (State.BEGUN, Move.CONFIRM): State.WAITING,
    (State.BEGUN, Move.WITHDRAW): State.WITHDRAWN,
    (State.BEGUN, Move.LAPSE): State.LAPSED,
    (State.WAITING, Move.WITHDRAW): State.WITHDRAWN,
    (State.WAITING, Move.OBJECT): State.CONTESTED,
    (State.CONTESTED, Move.UPHOLD): State.OBJECTED,
    (State.CONTESTED, Move.OVERRULE): State.REVIEWED,
    (State.CONTESTED, Move.WITHDRAW): State.WITHDRAWN,
    (State.CONTESTED, Move.LAPSE): State.LAPSED,
    # Whoever still says no then comes in person, and staff call it off.
    (State.REVIEWED, Move.WITHDRAW): State.WITHDRAWN,
    (State.WAITING, Move.TAKE_EFFECT): State.DONE,
    (State.REVIEWED, Move.TAKE_EFFECT): State.DONE,
    # The new phone became somebody else's meanwhile.
    (State.WAITING, Move.LAPSE): State.LAPSED,
    (State.REVIEWED, Move.LAPSE): State.LAPSED,
}
OPEN = frozenset({State.BEGUN, State.WAITING, State.CONTESTED, State.REVIEWED})


def states_before(move: Move) -> frozenset[State]:
    """From where ``move`` leads on."""
    return frozenset(state for state, step in MOVES if step is move)


def state_after(move: Move) -> State:
    """Where ``move`` leads to; the same from everywhere."""
    (after,) = {state for (_, step), state in MOVES.items() if step is move}
    return after
