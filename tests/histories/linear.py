"""Whether a history is linearizable: whether every request can be given one moment between its
call and its answer, so that the sequential model answers the same and ends in the same state.

Wing and Gong's search as Lowe improved it: a set of done operations with the state they led to
is tried once. An operation without an answer may have happened at any moment after its call, or
never.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tests.model.places import outcomes
from tests.model.state import Frame, State
from tests.model.steps import CLEAR, Answer, Blur, Lapse, Offer, Step, Sweep

# What answers the same whether or not it found something to do.
SILENT = Offer | Lapse | Sweep


class Operation(NamedTuple):
    """A request as a client saw it; ``returned`` is infinite where no answer came. ``blur`` is what
    others were about meanwhile.
    """

    step: Step
    answer: Answer
    called: float
    returned: float = math.inf
    blur: Blur = CLEAR

    @property
    def lost(self) -> bool:
        """Whether nobody knows what came of it."""
        return math.isinf(self.returned)


class Verdict(NamedTuple):
    """The order found; else None, how many operations could be explained, and how many states
    were tried.
    """

    order: list[Operation] | None
    explained: int
    tried: int


def check(
    frame: Frame,
    begin: State,
    history: Sequence[Operation],
    ends: Callable[[State], bool],
    now: float = 0,
) -> Verdict:
    """Search for an order of the history from ``begin`` to a state of which ``ends`` holds."""
    operations = sorted(history, key=lambda each: each.called)
    answered = sum(1 << i for i, each in enumerate(operations) if not each.lost)
    # Done operations as bits, the state after them, the order so far.
    stack: list[tuple[int, State, tuple[int, ...]]] = [(0, begin, ())]
    known = {(0, begin.key())}
    most = 0
    while stack:
        done, state, order = stack.pop()
        most = max(most, len(order))
        if done & answered == answered and ends(state):
            return Verdict([operations[i] for i in order], len(order), len(known))
        following = _following(frame, operations, done, state, now)
        for i, after in following:
            entry = (done | 1 << i, after.key())
            if entry not in known:
                known.add(entry)
                stack.append((done | 1 << i, after, (*order, i)))
    return Verdict(None, most, len(known))


def _following(
    frame: Frame, operations: Sequence[Operation], done: int, state: State, now: float
) -> list[tuple[int, State]]:
    """What may happen next, the likeliest last. An answered operation that can but leave things as
    they are and fits is the only one: what fits now need not be tried later, unless it says the
    same where it does something.
    """
    open_ones = [(i, each) for i, each in enumerate(operations) if not done >> i & 1]
    earliest = min((each.returned for _, each in open_ones), default=math.inf)
    found: list[tuple[float, int, State]] = []
    for i, each in open_ones:
        if each.called > earliest:
            break
        after = [
            after
            for after, answer in outcomes(frame, state, each.step, now, each.blur)
            if each.lost or answer == each.answer
        ]
        changed = [(each.returned, i, other) for other in after if other is not state]
        if after and not changed and not each.lost and not isinstance(each.step, SILENT):
            return [(i, state)]
        found += changed
        if len(changed) < len(after) and not each.lost:
            found.append((each.returned, i, state))
    # Of an operation's outcomes the first is the likeliest.
    found.reverse()
    found.sort(key=lambda each: each[0], reverse=True)
    return [(i, after) for _, i, after in found]
