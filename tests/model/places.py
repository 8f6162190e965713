"""The places of a few slots as a machine with one thing at a time: what each request must answer
and leave behind. Pure; the oracle of the state machine test and of the history checker.
"""

from tests.model import taking, waits
from tests.model.state import Frame, State
from tests.model.steps import (
    CLEAR,
    Blur,
    Cancel,
    Change,
    Confirm,
    Free,
    Group,
    Join,
    Lapse,
    Leave,
    Look,
    Offer,
    Poll,
    Refer,
    Seen,
    Show,
    Step,
    Stop,
    Sweep,
    Take,
)
from tests.model.taking import Outcome


def outcomes(
    frame: Frame, state: State, step: Step, now: float = 0, blur: Blur = CLEAR
) -> list[Outcome]:
    """All that may come of a step in this state, the first of it where nobody else asks. There are
    more only where a hold is over that nobody has given back yet (a full slot may be full still,
    or have that place; whoever takes a place may give it back on the way), and where ``blur`` says
    that what was looked at a moment before may have changed. None comes of a step about a booking
    or a wait that is not there yet.
    """
    match step:
        case Confirm(ref) | Cancel(ref) | Change(ref) | Show(ref) | Lapse(ref):
            if ref not in state.bookings:
                return []
        case Poll(line) | Leave(line):
            if line not in state.waits:
                return []
    if isinstance(step, Take | Group | Join):
        return _once(frame, state, step, now, blur)
    match step:
        case Refer():
            return taking.refer(frame, state, step, now, blur)
        case Confirm(ref):
            return [taking.confirm(state, ref, now)]
        case Cancel(ref, late):
            return taking.cancel(frame, state, ref, late=late, now=now, blur=blur)
        case Change():
            return taking.change(frame, state, step, now, blur)
        case Show(ref):
            booking = state.bookings[ref]
            return [(state, Seen(ref, booking.state, booking.because))]
        case Stop(session):
            return [(after, None) for after in taking.stop(frame, state, session, now, blur)]
        case Lapse(ref):
            held = state.bookings[ref]
            over = held._replace(until=now)
            return [(state.with_booking(ref, over) if held.until else state, None)]
        case Sweep(slot):
            cleared = taking.expire(frame, state, slot, now, blur) or [state]
            return [(taking.release(frame, after, slot, now), None) for after in cleared]
        case Look():
            return [(state, Free(tuple(slot.has("public") for slot in state.slots)))]
        case Poll(line):
            return [(state, waits.poll(frame, state, line))]
        case Leave(line):
            return waits.leave(frame, state, line, now, blur)
        case Offer():
            return waits.offer(frame, state, step, now, blur)


def _once(
    frame: Frame, state: State, step: Take | Group | Join, now: float, blur: Blur
) -> list[Outcome]:
    """What a repeated request gets is what the first one got."""
    if step.key and (stored := dict(state.answers).get(step.key)):
        return [(state, stored)]
    match step:
        case Take():
            found = taking.take(frame, state, step, now, blur)
        case Group():
            found = taking.group(frame, state, step, now, blur)
        case Join():
            found = waits.join(frame, state, step, now, blur)
    return taking.once(step.key, found)
