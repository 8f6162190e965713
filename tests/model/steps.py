"""What is asked of the places of a few slots, and what is answered."""

from typing import NamedTuple, TypeAlias

from tests.model.state import Line, Pool, Ref


class Seen(NamedTuple):
    """The answer that shows a booking."""

    ref: Ref
    state: str
    because: str | None = None


class Together(NamedTuple):
    """The answer that shows the bookings of several people."""

    each: tuple[Seen, ...]


class Refused(NamedTuple):
    """The answer that says why not."""

    code: str


class Free(NamedTuple):
    """The answer that shows the public places of all slots."""

    counts: tuple[int, ...]


class Joined(NamedTuple):
    """The answer that says since when somebody waits."""

    since: float


class Stands(NamedTuple):
    """The answer that shows a wait: what was offered, or how many are before."""

    state: str
    offer: Ref | None = None
    ahead: int = 0


class Turn(NamedTuple):
    """The answer that says whose turn it was, and what they were offered."""

    person: int | None
    offer: Ref | None = None


Answer: TypeAlias = Seen | Together | Refused | Free | Joined | Stands | Turn | None


class Take(NamedTuple):
    """Book, or hold until ``until``."""

    person: int
    slot: int
    pool: Pool = "public"
    until: float | None = None
    key: str | None = None


class Group(NamedTuple):
    """Book for several people, each in a slot: all or none. They are asked for in this order."""

    wishes: tuple[tuple[int, int], ...]
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


class Show(NamedTuple):
    """Read a booking."""

    ref: Ref


class Stop(NamedTuple):
    """A session takes place no more, and nobody waits for it any more."""

    session: int


class Lapse(NamedTuple):
    """A hold's time runs out."""

    ref: Ref


class Sweep(NamedTuple):
    """Return what is over: held places of a slot, and reserved ones."""

    slot: int


class Look(NamedTuple):
    """Read what is free."""


class Join(NamedTuple):
    """Wait for a place in a session; ``since`` is the moment that counts, where it was answered."""

    person: int
    session: int
    since: float | None = None
    key: str | None = None


class Poll(NamedTuple):
    """Read how a wait stands."""

    line: Line


class Leave(NamedTuple):
    """Wait no more, or decline what is offered."""

    line: Line


class Offer(NamedTuple):
    """Offer one place of a session until ``until`` to whose turn it is, but to none of those whose
    turn it was before in the same run of the job.
    """

    session: int
    until: float
    passed: frozenset[Line] = frozenset()


Step: TypeAlias = (
    Take | Group | Refer | Confirm | Cancel | Change | Show | Stop | Lapse | Sweep | Look
    | Join | Poll | Leave | Offer
)  # fmt: skip


class Blur(NamedTuple):
    """Of what a step may have been decided by a moment before its own: the sessions whose waiters
    came or went, and the people about whom something was under way, while it was.
    """

    sessions: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()


CLEAR = Blur()
