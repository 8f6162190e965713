"""One decision of the policies of all rooms, against the millisecond that it may take.

Measured as requests make it: the first of a request, for which the actor is parsed, and a later
one; in processor time, as a decision waits for nothing but its turn. Wanted: 1 ms at the 99th
percentile, so a ratio of 1 at least.
"""

import random
from statistics import median
from time import thread_time

from core.access import Actor, PolicyBook, Resource, Role
from core.ids import new_id
from core.roles import GRANTED_ROLES
from portal.factory import ROOM_NAMES, ROOT

SEED = 7
ROUNDS, DECISIONS = 5, 4000
ALLOWED_SECONDS = 0.001
DIVISIONS = ("450802001", "450802", "450800")


def main() -> float:
    """How many times over the slower kind fits into the allowed time, at its 99th percentile."""
    book = PolicyBook([ROOT / name for name in ROOM_NAMES])
    chance = random.Random(SEED)
    rounds = [_round(book, chance) for _ in range(ROUNDS)]
    first = [_percentiles(times) for times, _ in rounds]
    later = [_percentiles(times) for _, times in rounds]
    for name, measured in (("first of a request", first), ("later in it", later)):
        p50, p99 = (median(values) for values in zip(*measured, strict=True))
        print(f"p50 {p50 * 1e6:6.0f} µs  p99 {p99 * 1e6:6.0f} µs  {name}")
    return ALLOWED_SECONDS / median(p99 for _, p99 in first)


def _round(book: PolicyBook, chance: random.Random) -> tuple[list[float], list[float]]:
    """The seconds that first and later decisions took."""
    actions = sorted({action for policy in book.policies for action in policy.actions})
    first: list[float] = []
    later: list[float] = []
    for _ in range(DECISIONS):
        actor, thing, action = _actor(chance), _thing(chance), chance.choice(actions)
        for times in (first, later):
            began = thread_time()
            book.decide(actor, action, thing)
            times.append(thread_time() - began)
    return first, later


def _actor(chance: random.Random) -> Actor:
    """One with up to three roles on a few units, as staff have."""
    roles: list[Role] = chance.sample(GRANTED_ROLES, chance.randint(0, 3))
    units = [str(new_id()) for _ in range(3)] + [chance.choice(DIVISIONS)]
    grants = {role: frozenset(chance.sample(units, chance.randint(1, 3))) for role in roles}
    return Actor(new_id(), person_id=new_id(), verified=True, grants=grants)


def _thing(chance: random.Random) -> Resource:
    """A thing of a person in a team, an institution and the divisions above."""
    units = (str(new_id()), str(new_id()), *DIVISIONS)
    more = {
        "care": list(units),
        "divisions": list(DIVISIONS),
        "guards": chance.random() < 1 / 2,
        "holder": {"__entity": {"type": "Account", "id": str(new_id())}},
        "role": str(chance.choice(GRANTED_ROLES)),
    }
    return Resource("Thing", str(new_id()), new_id(), units, more)


def _percentiles(times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
