"""Waiting for a full session, and the places that are offered to those who wait."""

from itertools import product

from tests.model.state import OPEN, Booking, Frame, Line, Pool, State, Waited
from tests.model.steps import Blur, Join, Joined, Offer, Refused, Stands, Turn
from tests.model.taking import Outcome, end, limits, put


def join(frame: Frame, state: State, step: Join, now: float, blur: Blur) -> list[Outcome]:
    """Waiting, from the moment that was answered; who waits already goes on waiting."""
    for line, wait in state.waits.items():
        if line[:2] == (step.session, step.person) and wait.state in OPEN:
            return [(state, Joined(line.since))]
    refusal = _not_waiting(frame, state, step, now)
    found: list[Outcome] = [(state, refusal)] if refusal else []
    # Who may have found the session full a moment before: they ended something of their own, or
    # others stopped it.
    if step.since is not None and (not refusal or step.person in blur.people):
        line = Line(step.session, step.person, step.since)
        found.append((state.with_wait(line, Waited()), Joined(step.since)))
    return found


def _not_waiting(frame: Frame, state: State, step: Join, now: float) -> Refused | None:
    slots = frame.of(step.session)
    booked = limits(frame, state, step.person, frame.slots[slots[0]].day, now)
    if booked and booked.code == "already_booked":
        return booked
    if state.slots[slots[0]].stopped:
        return Refused("no_place")
    if any(_public(frame, state, slot, now) for slot in slots):
        return Refused("place_free")
    over = max(frame.slots[slot].cancel_until for slot in slots) <= now
    return Refused("wait_over") if over else None


def poll(frame: Frame, state: State, line: Line) -> Stands:
    """How a wait stands; ``ahead`` says how many are before one who waits."""
    wait = state.waits[line]
    before = [
        other
        for other in state.waiting(line.session)
        if wait.state == "waiting" and frame.turn(other) < frame.turn(line)
    ]
    return Stands(wait.state, wait.offer, len(before))


def leave(frame: Frame, state: State, line: Line, now: float, blur: Blur) -> list[Outcome]:
    """Waits no more; what is still held for them is given back."""
    wait = state.waits[line]
    if wait.state == "waiting":
        return [(state.with_wait(line, Waited("left")), Stands("left"))]
    if wait.state == "offered" and wait.offer and not state.bookings[wait.offer].over(now):
        ended = end(frame, state, [wait.offer], "patient", now, blur)
        return [(after, Stands("lapsed", wait.offer)) for after in ended]
    return [(state, Stands(wait.state, wait.offer))]


def offer(frame: Frame, state: State, step: Offer, now: float, blur: Blur) -> list[Outcome]:
    """One place of the session to the first who can take it. Where nobody can, what was kept for
    those who wait is the public's; where there is no place, nothing happens.
    """
    found: list[Outcome] = []
    can = [line for line in _in_turn(frame, state, step.session, now) if line not in step.passed]
    ways = _ways(frame, state, step.session, now)
    shaken = step.session in blur.sessions
    for line in can:
        for slot, pool in ways if shaken else ways[:1]:
            found.append(_offered(frame, state, line, slot, pool, step.until))
        # Nobody goes before them, unless something was under way about them.
        if line.person not in blur.people:
            break
    if not ways or all(line.person in blur.people for line in can):
        found += _kept(frame, state, step, now, can=bool(can), shaken=shaken)
    found += _passed(frame, state, step, can, blur)
    return found


def _in_turn(frame: Frame, state: State, session: int, now: float) -> list[Line]:
    """Those who wait and could take a place, in the order of being offered one."""
    slots = [frame.slots[slot] for slot in frame.of(session)]
    stopped = state.slots[frame.of(session)[0]].stopped
    if stopped or max(times.cancel_until for times in slots) <= now:
        return []
    waiting = [
        line
        for line in state.waiting(session)
        if limits(frame, state, line.person, slots[0].day, now) is None
    ]
    return sorted(waiting, key=frame.turn)


def _ways(frame: Frame, state: State, session: int, now: float) -> list[tuple[int, Pool]]:
    """Places that can be offered: those kept before the public's, then by time."""
    slots = frame.of(session)
    in_time = [slot for slot in slots if now < frame.slots[slot].cancel_until]
    kept: list[tuple[int, Pool]] = [
        (slot, "waitlist") for slot in in_time if state.slots[slot].has("waitlist")
    ]
    return kept + [(slot, "public") for slot in in_time if _public(frame, state, slot, now)]


def _public(frame: Frame, state: State, slot: int, now: float) -> bool:
    times = frame.slots[slot]
    return times.opens <= now < times.closes and state.slots[slot].has("public") > 0


def _offered(
    frame: Frame, state: State, line: Line, slot: int, pool: Pool, until: float
) -> Outcome:
    until = min(until, frame.slots[slot].cancel_until)
    there = state.slots[slot]
    if pool == "public":
        state = state.with_slot(slot, there.moved("waitlist", "public", 1))
    state, ref = put(state, slot, Booking(line.person, "waitlist", "held", until))
    return state.with_wait(line, Waited("offered", ref)), Turn(line.person, ref)


def _kept(
    frame: Frame, state: State, step: Offer, now: float, *, can: bool, shaken: bool
) -> list[Outcome]:
    """Nobody's turn: what nobody can be offered is the public's. Where waiters come or go
    meanwhile, what comes back then may stay kept, and free places may be kept for them.
    """
    slots = frame.of(step.session)
    late = [now >= frame.slots[slot].cancel_until for slot in slots]
    kept = [state.slots[slot].has("waitlist") for slot in slots]
    full = [count if too_late or not can else 0 for count, too_late in zip(kept, late, strict=True)]
    found = [_released(state, slots, full)]
    if shaken:
        free = [
            0 if too_late else -_claimable(frame, state, slot, now)
            for slot, too_late in zip(slots, late, strict=True)
        ]
        choices = [range(least, most + 1) for least, most in zip(free, kept, strict=True)]
        found += [_released(state, slots, places) for places in product(*choices)]
    return [(after, Turn(None)) for after in found]


def _claimable(frame: Frame, state: State, slot: int, now: float) -> int:
    return state.slots[slot].has("public") if _public(frame, state, slot, now) else 0


def _released(state: State, slots: list[int], places: list[int] | tuple[int, ...]) -> State:
    after = state
    for slot, count in zip(slots, places, strict=True):
        if count:
            after = after.with_slot(slot, after.slots[slot].moved("public", "waitlist", count))
    return after


def _passed(frame: Frame, state: State, step: Offer, can: list[Line], blur: Blur) -> list[Outcome]:
    """It was the turn of somebody who could take nothing any more when it came to it: they left or
    booked, or the session was stopped, perhaps with a public place kept for them already.
    """
    stopped = state.slots[frame.of(step.session)[0]].stopped
    afters = [state]
    if stopped:
        afters += [
            _released(state, [slot], [-1])
            for slot in frame.of(step.session)
            if state.slots[slot].has("public")
        ]
    lines = [line for line in state.waits if line.session == step.session]
    return [
        (after, Turn(line.person))
        for line in lines
        if line.person in blur.people and line not in step.passed and line not in can
        for after in afters
    ]
