"""What there is at one moment: the places of a few slots, the bookings and the waits. Pure.

A booking is known by its slot and its number there, which is never given out twice; a wait by who
waits for which session, and since when.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from tests.model.steps import Answer

Pool: TypeAlias = Literal["public", "family_doctor", "referral", "onsite", "elderly", "waitlist"]
POOLS: tuple[Pool, ...] = ("public", "family_doctor", "referral", "onsite", "elderly", "waitlist")
LIVE = ("held", "booked")
OPEN = ("waiting", "offered")


class Ref(NamedTuple):
    """A booking: which slot, which number in it."""

    slot: int
    number: int


class Line(NamedTuple):
    """A wait: for which session, who, and since when in seconds since 1970."""

    session: int
    person: int
    since: float


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
    """What never changes: the slots' times, all of one department, how many bookings to come a
    patient may have, and by person how early they are served among those who wait (0 first).
    """

    slots: tuple[Times, ...]
    active_limit: int
    ranks: tuple[int, ...] = ()

    def of(self, session: int) -> list[int]:
        """The slots of a session."""
        return [slot for slot, times in enumerate(self.slots) if times.session == session]

    def turn(self, line: Line) -> tuple[int, float]:
        """Whose turn is first: by rank, then by time."""
        return self.ranks[line.person] if self.ranks else 0, line.since


class Slot(NamedTuple):
    """How many places are free by pool (as POOLS), taken, and numbers given out."""

    free: tuple[int, ...]
    taken: int = 0
    issued: int = 0
    stopped: bool = False

    def has(self, pool: Pool) -> int:
        """Free places of a pool."""
        return self.free[POOLS.index(pool)]

    def moved(self, given: Pool, taken: Pool, places: int) -> "Slot":
        """With so many free places of one pool given to another."""
        return self.add(given, places).add(taken, -places)

    def add(self, pool: Pool, places: int) -> "Slot":
        """With more free places of a pool."""
        free = [
            count + places * (name == pool) for name, count in zip(POOLS, self.free, strict=True)
        ]
        return self._replace(free=tuple(free))


class Booking(NamedTuple):
    """Whose, from which pool, and how it stands; ``referred``: another house sent the patient."""

    person: int
    pool: Pool
    state: str
    until: float | None = None
    because: str | None = None
    former: Ref | None = None
    referred: bool = False

    def over(self, now: float) -> bool:
        """Whether it is a hold whose time is up."""
        return self.state == "held" and self.until is not None and self.until <= now


class Waited(NamedTuple):
    """How a wait stands, and which booking was offered."""

    state: str = "waiting"
    offer: Ref | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Everything at one moment. ``answers`` are those stored under a retry's key."""

    slots: tuple[Slot, ...]
    bookings: Mapping[Ref, Booking]
    waits: Mapping[Line, Waited]
    answers: frozenset[tuple[str, "Answer"]] = frozenset()

    def key(self) -> tuple[object, ...]:
        """The same for equal states, to remember them by."""
        bookings, waits = frozenset(self.bookings.items()), frozenset(self.waits.items())
        return self.slots, bookings, waits, self.answers

    def waiting(self, session: int) -> list[Line]:
        """Who waits for a session and was offered nothing yet."""
        return [
            line
            for line, wait in self.waits.items()
            if line.session == session and wait.state == "waiting"
        ]

    def with_booking(self, ref: Ref, booking: Booking) -> "State":
        """With another booking, or this one otherwise."""
        return replace(self, bookings={**self.bookings, ref: booking})

    def with_slot(self, number: int, slot: Slot) -> "State":
        """With this slot otherwise."""
        slots = (*self.slots[:number], slot, *self.slots[number + 1 :])
        return replace(self, slots=slots)

    def with_wait(self, line: Line, wait: Waited) -> "State":
        """With another wait, or this one otherwise."""
        return replace(self, waits={**self.waits, line: wait})
