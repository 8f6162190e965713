"""The counts that figures are made of, how they nest, and how they add up. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from core.disclosure import Totals, Tree, hide

RESIDENTS, CONTRACTS = "residents", "contracts"
KEY_RESIDENTS, KEY_CONTRACTS = "key_residents", "key_contracts"
DUE, DONE = "due", "done"
BOOKED, CANCELLED, KEPT = "booked", "cancelled", "kept"
REFERRED, REFERRED_UP, REFERRED_DOWN = "referred", "referred_up", "referred_down"
UP_IN_TIME, UP_DECLINED, UP_LAPSED = "up_in_time", "up_declined", "up_lapsed"
ORDERS, AMOUNT = "orders", "amount"
RECORDED, CONFIRMED, DISPUTED = "recorded", "confirmed", "disputed"
POPULATION, INSTITUTIONS, HOSPITALS = "population", "institutions", "hospitals"
TOWNSHIP_CENTRES, COMMUNITY_CENTRES = "township_centres", "community_centres"
BEDS, DOCTORS, NURSES = "beds", "doctors", "nurses"

# Everybody who is in no other group; whoever is not in it belongs to a key group.
GENERAL_GROUP = "10"
KEY_GROUPS = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "13")

Facts: TypeAlias = Mapping[str, Counter[str]]
Sum: TypeAlias = Mapping[str, int]


def in_group(measure: str, group: str) -> str:
    """The name of a measure counted among one population group."""
    return f"{measure}:{group}"


def _part(part: str, whole: str) -> Sequence[Sum]:
    return ({whole: 1, part: -1},)


def _crossing(part: str, first: str, second: str, top: str) -> Sequence[Sum]:
    """For the part that is in both ``first`` and ``second``, which both are in ``top``."""
    return (
        {first: 1, part: -1},
        {second: 1, part: -1},
        {top: 1, first: -1, second: -1, part: 1},
    )


# The counts of people and of what was done for them, each with the counts that are known by
# subtraction as soon as it is shown: sums with signs, such as residents less contracts. What is
# not named here (institutions, beds, staff, population) is reported or official.
GUARDS: dict[str, Sequence[Sum]] = {
    RESIDENTS: (),
    CONTRACTS: _part(CONTRACTS, RESIDENTS),
    KEY_RESIDENTS: _part(KEY_RESIDENTS, RESIDENTS),
    KEY_CONTRACTS: _crossing(KEY_CONTRACTS, KEY_RESIDENTS, CONTRACTS, RESIDENTS),
    DUE: (),
    DONE: _part(DONE, DUE),
    BOOKED: (),
    CANCELLED: _part(CANCELLED, BOOKED),
    REFERRED: (),
    REFERRED_UP: _part(REFERRED_UP, REFERRED),
    # Three parts of one whole: each is known from the others, and each two from the third.
    UP_IN_TIME: _part(UP_IN_TIME, REFERRED_UP),
    UP_DECLINED: (
        {REFERRED_UP: 1, UP_DECLINED: -1},
        {REFERRED_UP: 1, UP_IN_TIME: -1, UP_DECLINED: -1},
    ),
    UP_LAPSED: (
        {REFERRED_UP: 1, UP_LAPSED: -1},
        {REFERRED_UP: 1, UP_IN_TIME: -1, UP_LAPSED: -1},
        {REFERRED_UP: 1, UP_DECLINED: -1, UP_LAPSED: -1},
        {REFERRED_UP: 1, UP_IN_TIME: -1, UP_DECLINED: -1, UP_LAPSED: -1},
    ),
    ORDERS: (),
    RECORDED: (),
    CONFIRMED: _part(CONFIRMED, RECORDED),
    DISPUTED: ({RECORDED: 1, DISPUTED: -1}, {RECORDED: 1, CONFIRMED: -1, DISPUTED: -1}),
}
for _group in KEY_GROUPS:
    _people, _signed = in_group(RESIDENTS, _group), in_group(CONTRACTS, _group)
    GUARDS[_people] = _part(_people, KEY_RESIDENTS)
    GUARDS[_signed] = _crossing(_signed, _people, KEY_CONTRACTS, KEY_RESIDENTS)

# The same for what single institutions received, which the divisions are not shown.
RECEIVED, RECEIVED_IN_TIME, RECEIVED_SEEN = "received", "received_in_time", "received_seen"
RECEIVERS: dict[str, Sequence[Sum]] = {
    RECEIVED: (),
    RECEIVED_IN_TIME: _part(RECEIVED_IN_TIME, RECEIVED),
    RECEIVED_SEEN: _part(RECEIVED_SEEN, RECEIVED),
}
# What single institutions and their divisions are shown alike, so that they are hidden together.
SENDERS = {name: GUARDS[name] for name in (REFERRED, REFERRED_UP)}

# Shown exactly where another is: what is left over of a guarded part, or the money of its orders.
FOLLOWERS = {KEPT: CANCELLED, REFERRED_DOWN: REFERRED_UP, AMOUNT: ORDERS}


REPORTED = (INSTITUTIONS, HOSPITALS, TOWNSHIP_CENTRES, COMMUNITY_CENTRES, BEDS, DOCTORS, NURSES)


def measure_names() -> tuple[str, ...]:
    """Everything that is counted by division; the population is official and not counted."""
    return (*GUARDS, *FOLLOWERS, *REPORTED)


def hidden_divisions(
    tree: Tree, totals: Mapping[str, Totals], known: Mapping[str, frozenset[str]] | None = None
) -> dict[str, frozenset[str]]:
    """For each guarded measure, the divisions in which it must not be shown; for some of them
    that is ``known`` already.
    """
    known = known or {}
    rest = {measure: sums for measure, sums in GUARDS.items() if measure not in known}
    hidden = {**known, **hidden_in(tree, totals, rest)}
    return hidden | {follower: hidden[leader] for follower, leader in FOLLOWERS.items()}


def hidden_in(
    tree: Tree, totals: Mapping[str, Totals], guards: Mapping[str, Sequence[Sum]]
) -> dict[str, frozenset[str]]:
    """For each measure of ``guards``, where in the tree it must not be shown."""
    return {
        measure: hide(tree, [totals[measure], *(_rest(tree, totals, rest) for rest in rests)])
        for measure, rests in guards.items()
    }


def _rest(tree: Tree, totals: Mapping[str, Totals], rest: Sum) -> dict[str, int]:
    return {
        code: sum(sign * totals[measure].get(code, 0) for measure, sign in rest.items())
        for code in tree.parents
    }
