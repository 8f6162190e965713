"""Put people of given ages and sexes together in plausible households.

Nobody under 18 lives without an adult; children live with parents of a fitting age, or with
grandparents; elders with their grown children, with each other or alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from regions.facts.base import Sex

Relation = Literal["head", "spouse", "child", "grandchild", "parent", "other"]
_Dependant = Literal["minor", "grown", "elder"]

ADULT = 18
_MARRYING = 22
_ELDER = 60
_OLDEST = 120
_SEXES: tuple[Sex, Sex] = ("male", "female")

# Estimates of the usual shape; the ages and sizes themselves are the region's figures.
_MALE_HEADS = 0.68
_COUPLES_OF_TWO = 0.78
_COUPLES_OF_MORE = 0.93
_SKIPPED_GENERATION = 0.08
_ELDERS_OF_GROWN_DEPENDANTS = 0.6
_SPOUSE_REACH = 12
_PARENT_GAP = 16
_GRANDPARENT_GAP = 46


@dataclass(frozen=True, slots=True)
class Member:
    """One of a household; ``relation`` is to the head, who comes first."""

    relation: Relation
    sex: Sex
    age: int


class AgePool:
    """How many of each sex and age are still to be housed."""

    def __init__(self) -> None:
        self._counts: dict[Sex, list[int]] = {sex: [0] * (_OLDEST + 1) for sex in _SEXES}

    def add(self, sex: Sex, age: int, count: int) -> None:
        """Put ``count`` people in."""
        self._counts[sex][age] += count

    def count(self, low: int, high: int) -> int:
        """How many are aged ``low`` to ``high``, both included."""
        return sum(sum(self._counts[sex][low : high + 1]) for sex in _SEXES)

    def draw(self, rng: Random, low: int, high: int) -> tuple[Sex, int] | None:
        """Take anybody of the ages, each as likely as another."""
        left = self.count(low, high)
        if not left:
            return None
        at = rng.randrange(left)
        for sex in _SEXES:
            for age in range(low, high + 1):
                at -= self._counts[sex][age]
                if at < 0:
                    return self._take(sex, age)
        return None

    def nearest(
        self, target: int, low: int, high: int, sexes: Sequence[Sex]
    ) -> tuple[Sex, int] | None:
        """Take the one nearest to ``target`` within the ages, the first of ``sexes`` first."""
        low, high = max(low, 0), min(high, _OLDEST)
        for distance in range(max(abs(target - low), abs(high - target)) + 1):
            for age in {target - distance: None, target + distance: None}:
                if low <= age <= high:
                    for sex in sexes:
                        if self._counts[sex][age]:
                            return self._take(sex, age)
        return None

    def _take(self, sex: Sex, age: int) -> tuple[Sex, int]:
        self._counts[sex][age] -= 1
        return sex, age


@dataclass(slots=True)
class _Plan:
    """What a household is to consist of beside its head."""

    couple: bool
    dependants: list[_Dependant]


def compose(pool: AgePool, sizes: Sequence[int], rng: Random) -> list[list[Member]]:
    """Households of those sizes that empty the pool, in random order.

    The sizes must add up to the pool, and there must be an adult for each. Raises ValueError
    where that is not so.
    """
    everybody, minors = pool.count(0, _OLDEST), pool.count(0, ADULT - 1)
    if sum(sizes) != everybody or len(sizes) > everybody - minors:
        raise ValueError("the sizes do not fit the people")
    plans = _plans(sizes, minors, rng)
    # Children first, while there still are people of their parents' age; then the singles.
    plans.sort(key=lambda plan: ("minor" not in plan.dependants, -len(plan.dependants)))
    households = [_household(plan, pool, rng) for plan in plans]
    rng.shuffle(households)
    return households


def _plans(sizes: Sequence[int], minors: int, rng: Random) -> list[_Plan]:
    couples = [
        size > 1 and rng.random() < (_COUPLES_OF_TWO if size == 2 else _COUPLES_OF_MORE)
        for size in sizes
    ]
    places = sum(size - 1 - couple for size, couple in zip(sizes, couples, strict=True))
    for index in range(len(couples)):
        if places >= minors:
            break
        places += couples[index]
        couples[index] = False
    rest = places - minors
    elders = round(rest * _ELDERS_OF_GROWN_DEPENDANTS)
    kinds: tuple[tuple[_Dependant, int], ...] = (
        ("minor", minors),
        ("elder", elders),
        ("grown", rest - elders),
    )
    deck = [kind for kind, count in kinds for _ in range(count)]
    rng.shuffle(deck)
    return [
        _Plan(couple, [deck.pop() for _ in range(size - 1 - couple)])
        for size, couple in zip(sizes, couples, strict=True)
    ]


def _household(plan: _Plan, pool: AgePool, rng: Random) -> list[Member]:
    minors = _minors(plan.dependants.count("minor"), pool, rng)
    grown = [_adult(pool, rng, 18, 30) for _ in range(plan.dependants.count("grown"))]
    head_sex, head_age = _head(plan, minors, grown, pool, rng)
    members = [Member("head", head_sex, head_age)]
    if plan.couple:
        members.append(_spouse(head_sex, head_age, pool))
    for sex, age in minors + grown:
        members.append(Member(_descendant(head_age - age), sex, age))
    for _ in range(plan.dependants.count("elder")):
        members.append(_elder(head_age, members, pool))
    return members


def _minors(count: int, pool: AgePool, rng: Random) -> list[tuple[Sex, int]]:
    """Brothers and sisters: each some years from the one before."""
    minors: list[tuple[Sex, int]] = []
    for _ in range(count):
        if not minors:
            taken = pool.draw(rng, 0, ADULT - 1)
        else:
            target = minors[-1][1] + rng.choice((-1, 1)) * rng.randint(1, 5)
            taken = pool.nearest(
                target, 0, ADULT - 1, _SEXES if rng.random() < 0.5 else _SEXES[::-1]
            )
        minors.append(_found(taken))
    return minors


def _head(
    plan: _Plan,
    minors: list[tuple[Sex, int]],
    grown: list[tuple[Sex, int]],
    pool: AgePool,
    rng: Random,
) -> tuple[Sex, int]:
    children = [age for _, age in minors + grown]
    sexes = _SEXES if rng.random() < _MALE_HEADS else _SEXES[::-1]
    low = _MARRYING if plan.couple else ADULT
    if minors and rng.random() < _SKIPPED_GENERATION:
        target = max(children) + rng.randint(48, 60)
    elif children:
        target = max(children) + rng.randint(22, 32)
    elif plan.dependants:
        target = rng.randint(30, 58)
    else:
        return _adult(pool, rng, low, _OLDEST)
    return _found(pool.nearest(target, low, _OLDEST, sexes) or pool.draw(rng, ADULT, _OLDEST))


def _spouse(head_sex: Sex, head_age: int, pool: AgePool) -> Member:
    other: Sex = "female" if head_sex == "male" else "male"
    target = head_age - 2 if head_sex == "male" else head_age + 2
    low, high = max(_MARRYING - 2, target - _SPOUSE_REACH), target + _SPOUSE_REACH
    found = pool.nearest(target, low, high, (other,))
    if found:
        return Member("spouse", *found)
    return Member("other", *_found(pool.nearest(target, ADULT, _OLDEST, _SEXES)))


def _elder(head_age: int, members: list[Member], pool: AgePool) -> Member:
    """A parent of the head, the second of the other sex; else another relative."""
    parents = [member.sex for member in members if member.relation == "parent"]
    missing = [sex for sex in _SEXES if sex not in parents]
    low = max(_ELDER, head_age + _PARENT_GAP)
    found = pool.nearest(head_age + 27, low, head_age + 45, missing) if missing else None
    if found:
        return Member("parent", *found)
    return Member("other", *_found(pool.nearest(max(head_age, _ELDER), ADULT, _OLDEST, _SEXES)))


def _adult(pool: AgePool, rng: Random, low: int, high: int) -> tuple[Sex, int]:
    return _found(pool.draw(rng, low, high) or pool.draw(rng, ADULT, _OLDEST))


def _descendant(gap: int) -> Relation:
    if gap >= _GRANDPARENT_GAP:
        return "grandchild"
    return "child" if gap >= _PARENT_GAP else "other"


def _found(taken: tuple[Sex, int] | None) -> tuple[Sex, int]:
    """What the sums of ``compose`` promise is there."""
    if taken is None:
        raise ValueError("the sizes do not fit the people")
    return taken
