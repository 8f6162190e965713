"""Places taken and given back: what booking, holding, changing, cancelling and stopping do."""

from collections.abc import Collection
from dataclasses import replace

from tests.model.state import LIVE, OPEN, Booking, Frame, Pool, Ref, State, Waited
from tests.model.steps import (
    CLEAR,
    Answer,
    Blur,
    Change,
    Group,
    Refer,
    Refused,
    Seen,
    Take,
    Together,
)

Outcome = tuple[State, Answer]


def take(frame: Frame, state: State, step: Take, now: float, blur: Blur) -> list[Outcome]:
    """Booked, or held."""
    as_ = Booking(step.person, step.pool, "held" if step.until else "booked", step.until)
    return placed(frame, state, step.slot, as_, now, blur)


def refer(frame: Frame, state: State, step: Refer, now: float, blur: Blur) -> list[Outcome]:
    """Held from the places for referrals, and once they are the public's from those."""
    times = frame.slots[step.slot]
    as_ = Booking(step.person, "public", "held", min(step.until, times.starts), referred=True)
    returned = now >= times.reserved_until
    pools: tuple[Pool, ...] = ("referral", "public") if returned else ("referral",)
    return _placed_first(frame, state, step.slot, as_, pools, now, blur)


def group(frame: Frame, state: State, step: Group, now: float, blur: Blur) -> list[Outcome]:
    """All booked; or none, and why the first that failed did."""

    def following(before: State, made: tuple[Seen, ...]) -> list[Outcome]:
        if len(made) == len(step.wishes):
            return [(before, Together(made))]
        person, slot = step.wishes[len(made)]
        found: list[Outcome] = []
        for after, answer in placed(
            frame, before, slot, Booking(person, "public", "booked"), now, blur
        ):
            if isinstance(answer, Seen):
                found += following(after, (*made, answer))
            else:
                found.append((state, answer))
        return found

    return following(state, ())


def once(key: str | None, found: list[Outcome]) -> list[Outcome]:
    """With what was done stored under its key; a refusal is not."""
    if key is None:
        return found
    return [
        (after, answer)
        if answer is None or isinstance(answer, Refused)
        else (replace(after, answers=after.answers | {(key, answer)}), answer)
        for after, answer in found
    ]


def placed(
    frame: Frame, state: State, slot: int, booking: Booking, now: float, blur: Blur
) -> list[Outcome]:
    """With the place taken; refused, nothing has changed."""
    refusal = _refusal(frame, state, slot, booking, now)
    cleared = expire(frame, state, slot, now, blur)
    if refusal is None:
        # Who was refused a moment before may have given back what is over, and then have it.
        return [_put(begin, slot, booking) for begin in [state, *cleared]]
    refused: Outcome = (state, refusal)
    found: list[Outcome] = []
    for after in cleared:
        second = _refusal(frame, after, slot, booking, now)
        found.append(_put(after, slot, booking) if second is None else (state, second))
    return [*found, refused]


def _placed_first(
    frame: Frame,
    state: State,
    slot: int,
    booking: Booking,
    pools: tuple[Pool, ...],
    now: float,
    blur: Blur,
) -> list[Outcome]:
    """With a place of the first of these pools that has one."""
    found: list[Outcome] = []
    for pool in pools:
        refused = [each for each in found if isinstance(each[1], Refused)]
        if refused or not found:
            had = [each for each in found if isinstance(each[1], Seen)]
            found = had + placed(frame, state, slot, booking._replace(pool=pool), now, blur)
    return found


def limits(frame: Frame, state: State, person: int, day: int, now: float) -> Refused | None:
    """What of the patient's own stands in the way of a place on a day."""
    own = [
        (frame.slots[ref.slot], other)
        for ref, other in state.bookings.items()
        if other.person == person and other.state != "cancelled"
    ]
    if any(times.day == day for times, _ in own):
        return Refused("already_booked")
    ahead = [each for each in own if each[0].starts > now and each[1].state in LIVE]
    return Refused("active_limit") if len(ahead) >= frame.active_limit else None


def _refusal(frame: Frame, state: State, slot: int, booking: Booking, now: float) -> Refused | None:
    times, there = frame.slots[slot], state.slots[slot]
    if limited := limits(frame, state, booking.person, times.day, now):
        return limited
    during = times.opens <= now < times.closes
    if booking.pool in ("family_doctor", "referral"):
        during = during and now < times.reserved_until
    if there.stopped or not during or not there.has(booking.pool):
        return Refused("no_place")
    return None


def _put(state: State, slot: int, booking: Booking) -> Outcome:
    after, ref = put(state, slot, booking)
    return after, Seen(ref, booking.state)


def put(state: State, slot: int, booking: Booking) -> tuple[State, Ref]:
    """With a free place of its pool become this booking."""
    there = state.slots[slot]
    number = there.issued + 1
    there = there.add(booking.pool, -1)._replace(taken=there.taken + 1, issued=number)
    ref = Ref(slot, number)
    return state.with_slot(slot, there).with_booking(ref, booking), ref


def confirm(state: State, ref: Ref, now: float) -> Outcome:
    """Booked, and whoever was offered it waits no longer."""
    booking = state.bookings[ref]
    if booking.state == "booked":
        return state, Seen(ref, "booked")
    if booking.state != "held" or booking.over(now):
        return state, Refused("hold_over")
    state = _settle(state, [ref], "taken")
    return state.with_booking(ref, booking._replace(state="booked", until=None)), Seen(
        ref, "booked"
    )


def cancel(
    frame: Frame, state: State, ref: Ref, *, late: bool, now: float, blur: Blur
) -> list[Outcome]:
    """Given back."""
    booking, times = state.bookings[ref], frame.slots[ref.slot]
    if booking.state == "cancelled":
        return [(state, Seen(ref, "cancelled", booking.because))]
    if now >= times.starts:
        return [(state, Refused("visit_over"))]
    because = "patient"
    if now >= times.cancel_until and booking.state == "booked":
        if not late:
            return [(state, Refused("too_late_to_cancel"))]
        because = "late"
    answer = Seen(ref, "cancelled", because)
    return [(after, answer) for after in end(frame, state, [ref], because, now, blur)]


def change(frame: Frame, state: State, step: Change, now: float, blur: Blur) -> list[Outcome]:
    """Moved: the old place is given back only with the new one taken."""
    ref, booking = step.ref, state.bookings[step.ref]
    if booking.because == "changed":
        for new, other in state.bookings.items():
            if other.former == ref and new.slot == step.slot:
                return [(state, Seen(new, other.state, other.because))]
        return [(state, Refused("already_changed"))]
    if ref.slot == step.slot:
        return [(state, Seen(ref, booking.state, booking.because))]
    if booking.state == "cancelled":
        return [(state, Refused("already_cancelled"))]
    if booking.over(now):
        return [(state, Refused("hold_over"))]
    times = frame.slots[ref.slot]
    if now >= times.starts:
        return [(state, Refused("visit_over"))]
    if booking.state == "booked" and now >= times.cancel_until:
        return [(state, Refused("too_late_to_cancel"))]
    new_one = booking._replace(former=ref)
    pools: tuple[Pool, ...] = ("referral", "public") if booking.referred else ("public",)
    return [
        (after if isinstance(answer, Seen) else state, answer)
        for without in end(frame, state, [ref], "changed", now, blur)
        for after, answer in _placed_first(frame, without, step.slot, new_one, pools, now, blur)
    ]


def stop(frame: Frame, state: State, session: int, now: float, blur: Blur) -> list[State]:
    """No places any more, all bookings ended, all waits closed."""
    found = [state]
    for slot in frame.of(session):
        live = [ref for ref, b in state.bookings.items() if ref.slot == slot and b.state in LIVE]
        found = [
            after
            for before in found
            for after in end(
                frame,
                before.with_slot(slot, before.slots[slot]._replace(stopped=True)),
                live,
                "stopped",
                now,
                blur,
            )
        ]
    return [_close(after, session) for after in found]


def _close(state: State, session: int) -> State:
    for line, wait in state.waits.items():
        if line.session == session and wait.state in OPEN:
            state = state.with_wait(line, Waited("closed"))
    return state


def expire(frame: Frame, state: State, slot: int, now: float, blur: Blur = CLEAR) -> list[State]:
    """With the holds of a slot whose time is up given back; nothing where there are none."""
    over = [
        ref for ref, booking in state.bookings.items() if ref.slot == slot and booking.over(now)
    ]
    return end(frame, state, over, "expired", now, blur) if over else []


def release(frame: Frame, state: State, slot: int, now: float) -> State:
    """Places kept for family doctors and referrals go to the public when their time is up."""
    there = state.slots[slot]
    if now < frame.slots[slot].reserved_until:
        return state
    for pool in ("family_doctor", "referral"):
        there = there.moved("public", pool, there.has(pool))
    return state.with_slot(slot, there)


def end(
    frame: Frame, state: State, refs: Collection[Ref], because: str, now: float, blur: Blur = CLEAR
) -> list[State]:
    """These bookings of one slot end and their places go where they belong: public ones, while
    somebody waits for the session, to those who wait. An offer that ends so has lapsed. Where
    waiters come or go meanwhile, the places may go as before they did.
    """
    if not refs:
        return [state]
    (slot,) = {ref.slot for ref in refs}
    times = frame.slots[slot]
    in_time = now < times.cancel_until
    waited = in_time and bool(state.waiting(times.session))
    found = [_ended(frame, state, refs, because, now, waited=waited)]
    if in_time and times.session in blur.sessions:
        found.append(_ended(frame, state, refs, because, now, waited=not waited))
    return found


def _ended(
    frame: Frame, state: State, refs: Collection[Ref], because: str, now: float, *, waited: bool
) -> State:
    for ref in refs:
        booking, there = state.bookings[ref], state.slots[ref.slot]
        pool: Pool = "waitlist" if waited else "public"
        reserved = now < frame.slots[ref.slot].reserved_until
        if booking.pool in ("onsite", "elderly") or (
            booking.pool in ("family_doctor", "referral") and reserved
        ):
            pool = booking.pool
        state = state.with_slot(ref.slot, there.add(pool, 1)._replace(taken=there.taken - 1))
        ended = booking._replace(state="cancelled", until=None, because=because)
        state = state.with_booking(ref, ended)
    return _settle(state, refs, "lapsed")


def _settle(state: State, refs: Collection[Ref], how: str) -> State:
    """Who was offered one of these has taken it or let it lapse."""
    for line, wait in state.waits.items():
        if wait.state == "offered" and wait.offer in refs:
            state = state.with_wait(line, Waited(how, wait.offer))
    return state
