"""What others were about while an operation was under way.

A request reads before it writes, and the portal takes no lock on what it only reads: who waits for
a session, whose turn it is, whether somebody could take a place. Such a reading may be a moment
older than what the request does. The model allows for that only where another operation of the
history can be the cause: it overlaps in time and is about the same session or person.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from tests.histories.linear import Operation
from tests.model.state import Booking, Frame, Ref
from tests.model.steps import (
    Blur,
    Cancel,
    Change,
    Confirm,
    Group,
    Join,
    Lapse,
    Leave,
    Look,
    Offer,
    Poll,
    Refer,
    Show,
    Step,
    Stop,
    Sweep,
    Take,
    Turn,
)

Bookings = dict[Ref, Booking]


def blurred(
    frame: Frame, bookings: Bookings, operations: Sequence[Operation], over: frozenset[int]
) -> list[Operation]:
    """The operations, each with what others were about; ``over`` are people with a hold whose time
    is up, which any request for its slot may give back.
    """
    over |= {bookings[each.step.ref].person for each in operations if isinstance(each.step, Lapse)}
    sessions = [set[int]() for _ in operations]
    people = [set(over) for _ in operations]
    by_time = sorted(range(len(operations)), key=lambda i: operations[i].called)
    for i, j in combinations(by_time, 2):
        one, other = operations[i], operations[j]
        if other.called > one.returned:
            continue
        for mine, its in ((i, other), (j, one)):
            people[mine] |= set(_people(frame, bookings, its))
            offering = isinstance(operations[mine].step, Offer)
            sessions[mine] |= set(_sessions(frame, its.step, places=offering))
    return [
        each._replace(blur=Blur(frozenset(sessions[i]), frozenset(people[i])))
        for i, each in enumerate(operations)
    ]


def _people(frame: Frame, bookings: Bookings, operation: Operation) -> Iterator[int]:
    """Whose own bookings and waits may change."""
    match operation.step:
        case Take(person) | Refer(person) | Join(person):
            yield person
        case Group(wishes):
            yield from (person for person, _ in wishes)
        case Confirm(ref) | Cancel(ref) | Change(ref) | Lapse(ref):
            yield bookings[ref].person
        case Leave(line):
            yield line.person
        case Offer() if isinstance(operation.answer, Turn):
            if operation.answer.person is not None:
                yield operation.answer.person
        case Stop() | Offer():
            yield from range(len(frame.ranks))


def _sessions(frame: Frame, step: Step, *, places: bool) -> Iterator[int]:
    """For which sessions others begin or cease to wait; with ``places``, or have places taken or
    given back.
    """
    match step:
        case Join(_, session) | Stop(session) | Offer(session):
            yield session
        case Leave(line):
            yield line.session
        case Poll() | Show() | Look():
            return
    if not places:
        return
    match step:
        case Take(_, slot) | Refer(_, slot) | Sweep(slot):
            yield frame.slots[slot].session
        case Group(wishes):
            yield from (frame.slots[slot].session for _, slot in wishes)
        case Cancel(ref) | Confirm(ref) | Lapse(ref):
            yield frame.slots[ref.slot].session
        case Change(ref, slot):
            yield from (frame.slots[ref.slot].session, frame.slots[slot].session)
