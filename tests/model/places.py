"""The places of a few slots as a machine with one thing at a time: what each request must answer
and leave behind. Pure; the oracle of the state machine test and of the history checker.

A booking is known by its slot and its number there, which is never given out twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

Pool: TypeAlias = Literal["public", "family_doctor", "referral", "onsite", "elderly", "waitlist"]
POOLS: tuple[Pool, ...] = ("public", "family_doctor", "referral", "onsite", "elderly", "waitlist")
LIVE = ("held", "booked")


class Ref(NamedTuple):
    """A booking: which slot, which number in it."""

    slot: int
    number: int


class Times(NamedTuple):
    """A slot's place in the week and its deadlines, in any unit that the steps' ``now`` has."""

    session: int
    day: int
    opens: float
    closes: float
    cancel_until: float
    reserved_until: float
    starts: float


class Frame(NamedTuple):
    """What never changes: the slots' times, all of one department, and how many bookings to come
    a patient may have.
    """

    slots: tuple[Times, ...]
    active_limit: int


class Slot(NamedTuple):
    """How many places are free by pool (as POOLS), taken, and numbers given out."""

    free: tuple[int, ...]
    taken: int = 0
    issued: int = 0
    stopped: bool = False


class Booking(NamedTuple):
    """Whose, from which pool, and how it stands; ``referred``: another house sent the patient."""

    person: int
    pool: Pool
    state: str
    until: float | None = None
    because: str | None = None
    former: Ref | None = None
    referred: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Everything at one moment. ``answers`` are those stored under a retry's key."""

    slots: tuple[Slot, ...]
    bookings: Mapping[Ref, Booking]
    waiting: frozenset[tuple[int, int]] = frozenset()
    answers: frozenset[tuple[str, "Answer"]] = frozenset()

    def key(self) -> tuple[object, ...]:
        """The same for equal states, to remember them by."""
        return self.slots, frozenset(self.bookings.items()), self.waiting, self.answers


class Seen(NamedTuple):
    """The answer that shows a booking."""

    ref: Ref
    state: str
    because: str | None = None


class Refused(NamedTuple):
    """The answer that says why not."""

    code: str


class Free(NamedTuple):
    """The answer that shows the public places of all slots."""

    counts: tuple[int, ...]


Answer: TypeAlias = Seen | Refused | Free | None


class Take(NamedTuple):
    """Book, or hold until ``until``."""

    person: int
    slot: int
    pool: Pool = "public"
    until: float | None = None
    key: str | None = None


class Refer(NamedTuple):
    """Hold a place for a patient who is referred, one of those kept for that."""

    person: int
    slot: int
    until: float


class Confirm(NamedTuple):
    """Make a held place a booking."""

    ref: Ref


class Cancel(NamedTuple):
    """Give a place back."""

    ref: Ref
    late: bool = False


class Change(NamedTuple):
    """Move to another slot."""

    ref: Ref
    slot: int


class Stop(NamedTuple):
    """A session takes place no more."""

    session: int


class Lapse(NamedTuple):
    """A hold's time runs out."""

    ref: Ref


class Sweep(NamedTuple):
    """Return what is over: held places of a slot, and reserved ones."""

    slot: int


class Look(NamedTuple):
    """Read what is free."""


class Wait(NamedTuple):
    """Wait for a place in a session."""

    person: int
    session: int


class Leave(NamedTuple):
    """Wait no more."""

    person: int
    session: int


Step: TypeAlias = (
    Take | Refer | Confirm | Cancel | Change | Stop | Lapse | Sweep | Look | Wait | Leave
)
Outcome: TypeAlias = tuple[State, Answer]


def outcomes(frame: Frame, state: State, step: Step, now: float = 0) -> list[Outcome]:
    """All that may come of a step in this state. There are two only where a hold is over that
    nobody has given back yet: a full slot may be full still, or have that place; and whoever takes
    a place may give it back on the way.
    """
    match step:
        case Take():
            return _take(frame, state, step, now)
        case Refer(person, slot, until):
            returned = now >= frame.slots[slot].reserved_until
            until = min(until, frame.slots[slot].starts)
            as_ = Booking(person, "public", "held", until, referred=True)
            pools: tuple[Pool, ...] = ("referral", "public") if returned else ("referral",)
            return _placed_first(frame, state, slot, as_, pools, now)
        case Confirm(ref):
            return [_confirm(state, ref, now)]
        case Cancel(ref, late):
            return [_cancel(frame, state, ref, late=late, now=now)]
        case Change():
            return _change(frame, state, step, now)
        case Stop(session):
            return [(_stop(frame, state, session, now), None)]
        case Lapse(ref):
            held = state.bookings[ref]
            return [(_with(state, ref, held._replace(until=now)) if held.until else state, None)]
        case Sweep(slot):
            return [(_release(frame, _expire(frame, state, slot, now), slot, now), None)]
        case Look():
            return [(state, Free(tuple(slot.free[0] for slot in state.slots)))]
        case Wait(person, session):
            return [(replace(state, waiting=state.waiting | {(session, person)}), None)]
        case Leave(person, session):
            return [(replace(state, waiting=state.waiting - {(session, person)}), None)]


def _take(frame: Frame, state: State, step: Take, now: float) -> list[Outcome]:
    stored = dict(state.answers).get(step.key) if step.key else None
    if stored:
        return [(state, stored)]
    as_ = Booking(step.person, step.pool, "held" if step.until else "booked", step.until)
    found = _placed(frame, state, step.slot, as_, now)
    if step.key:
        found = [
            (replace(after, answers=after.answers | {(step.key, answer)}), answer)
            if isinstance(answer, Seen)
            else (after, answer)
            for after, answer in found
        ]
    return found


def _placed(frame: Frame, state: State, slot: int, booking: Booking, now: float) -> list[Outcome]:
    """With the place taken; refused, nothing has changed."""
    refusal = _refusal(frame, state, slot, booking, now)
    cleared = _expire(frame, state, slot, now)
    if refusal is None:
        # Who was refused a moment before may have given back what is over, and then have it.
        begins = [state] if cleared is state else [state, cleared]
        return [_put(begin, slot, booking) for begin in begins]
    refused: Outcome = (state, refusal)
    if cleared is state:
        return [refused]
    second = _refusal(frame, cleared, slot, booking, now)
    if second is None:
        return [_put(cleared, slot, booking), refused]
    return [(state, second), refused]


def _placed_first(
    frame: Frame, state: State, slot: int, booking: Booking, pools: tuple[Pool, ...], now: float
) -> list[Outcome]:
    """With a place of the first of these pools that has one."""
    found: list[Outcome] = []
    for pool in pools:
        refused = [each for each in found if isinstance(each[1], Refused)]
        if refused or not found:
            had = [each for each in found if isinstance(each[1], Seen)]
            found = had + _placed(frame, state, slot, booking._replace(pool=pool), now)
    return found


def _refusal(frame: Frame, state: State, slot: int, booking: Booking, now: float) -> Refused | None:
    times, there = frame.slots[slot], state.slots[slot]
    own = [
        (frame.slots[ref.slot], other)
        for ref, other in state.bookings.items()
        if other.person == booking.person and other.state != "cancelled"
    ]
    on_day = [each for each in own if each[0].day == times.day]
    ahead = [each for each in own if each[0].starts > now and each[1].state in LIVE]
    if on_day:
        return Refused("already_booked")
    if len(ahead) >= frame.active_limit:
        return Refused("active_limit")
    during = times.opens <= now < times.closes
    if booking.pool in ("family_doctor", "referral"):
        during = during and now < times.reserved_until
    if there.stopped or not during or not there.free[POOLS.index(booking.pool)]:
        return Refused("no_place")
    return None


def _put(state: State, slot: int, booking: Booking) -> Outcome:
    there = state.slots[slot]
    number = there.issued + 1
    free = _add(there.free, booking.pool, -1)
    there = there._replace(free=free, taken=there.taken + 1, issued=number)
    ref = Ref(slot, number)
    return _with(_with_slot(state, slot, there), ref, booking), Seen(ref, booking.state)


def _confirm(state: State, ref: Ref, now: float) -> Outcome:
    booking = state.bookings[ref]
    if booking.state == "booked":
        return state, Seen(ref, "booked")
    if booking.state != "held" or _over(booking, now):
        return state, Refused("hold_over")
    return _with(state, ref, booking._replace(state="booked", until=None)), Seen(ref, "booked")


def _cancel(frame: Frame, state: State, ref: Ref, *, late: bool, now: float) -> Outcome:
    booking, times = state.bookings[ref], frame.slots[ref.slot]
    if booking.state == "cancelled":
        return state, Seen(ref, "cancelled", booking.because)
    if now >= times.starts:
        return state, Refused("visit_over")
    because = "patient"
    if now >= times.cancel_until and booking.state == "booked":
        if not late:
            return state, Refused("too_late_to_cancel")
        because = "late"
    return _end(frame, state, ref, because, now), Seen(ref, "cancelled", because)


def _change(frame: Frame, state: State, step: Change, now: float) -> list[Outcome]:
    ref, booking = step.ref, state.bookings[step.ref]
    if booking.because == "changed":
        for new, other in state.bookings.items():
            if other.former == ref and new.slot == step.slot:
                return [(state, Seen(new, other.state, other.because))]
        return [(state, Refused("already_changed"))]
    if ref.slot == step.slot:
        return [(state, Seen(ref, booking.state, booking.because))]
    if booking.state == "cancelled":
        return [(state, Refused("visit_over"))]
    if _over(booking, now):
        return [(state, Refused("hold_over"))]
    if now >= frame.slots[ref.slot].cancel_until:
        code = "too_late_to_cancel" if booking.state == "booked" else "visit_over"
        return [(state, Refused(code))]
    without = _end(frame, state, ref, "changed", now)
    new_one = booking._replace(former=ref)
    pools: tuple[Pool, ...] = ("referral", "public") if booking.referred else ("public",)
    return [
        (after if isinstance(answer, Seen) else state, answer)
        for after, answer in _placed_first(frame, without, step.slot, new_one, pools, now)
    ]


def _stop(frame: Frame, state: State, session: int, now: float) -> State:
    for slot, times in enumerate(frame.slots):
        if times.session == session:
            state = _with_slot(state, slot, state.slots[slot]._replace(stopped=True))
            for ref, booking in state.bookings.items():
                if ref.slot == slot and booking.state in LIVE:
                    state = _end(frame, state, ref, "stopped", now)
    return state


def _expire(frame: Frame, state: State, slot: int, now: float) -> State:
    for ref, booking in state.bookings.items():
        if ref.slot == slot and _over(booking, now):
            state = _end(frame, state, ref, "expired", now)
    return state


def _release(frame: Frame, state: State, slot: int, now: float) -> State:
    """Places kept for family doctors and referrals go to the public when their time is up."""
    there = state.slots[slot]
    if now < frame.slots[slot].reserved_until:
        return state
    public, family_doctor, referral, *rest = there.free
    free = (public + family_doctor + referral, 0, 0, *rest)
    return _with_slot(state, slot, there._replace(free=free))


def _end(frame: Frame, state: State, ref: Ref, because: str, now: float) -> State:
    """The booking ends and its place goes where it belongs: while somebody waits for the session,
    a public one to them.
    """
    booking, there, times = state.bookings[ref], state.slots[ref.slot], frame.slots[ref.slot]
    pool: Pool = "public"
    if booking.pool in ("onsite", "elderly") or (
        booking.pool in ("family_doctor", "referral") and now < times.reserved_until
    ):
        pool = booking.pool
    elif now < times.cancel_until and any(times.session == session for session, _ in state.waiting):
        pool = "waitlist"
    there = there._replace(free=_add(there.free, pool, 1), taken=there.taken - 1)
    ended = booking._replace(state="cancelled", until=None, because=because)
    return _with(_with_slot(state, ref.slot, there), ref, ended)


def _over(booking: Booking, now: float) -> bool:
    return booking.state == "held" and booking.until is not None and booking.until <= now


def _add(free: tuple[int, ...], pool: Pool, places: int) -> tuple[int, ...]:
    return tuple(
        count + places if name == pool else count for name, count in zip(POOLS, free, strict=True)
    )


def _with(state: State, ref: Ref, booking: Booking) -> State:
    return replace(state, bookings={**state.bookings, ref: booking})


def _with_slot(state: State, number: int, slot: Slot) -> State:
    slots = (*state.slots[:number], slot, *state.slots[number + 1 :])
    return replace(state, slots=slots)
