"""A synthetic population of a region: made-up households of made-up people, every one 示例.

Pure and deterministic: the same pack, day, seed and scale give the same people on any machine.
The people follow the pack's figures: townships by population, ages and sexes (``ages.csv``),
household sizes and the rates of contract groups (``groups.csv``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from uuid import UUID

from regions.chance import Even, counts_by_share
from regions.facts import PopulationGroup, Village
from regions.facts.base import Sex
from regions.households import AgePool, Member, Relation, compose
from regions.identifiers import Identifiers, IdNumbers, Phones
from regions.names import NameMaker
from regions.pack import RegionPack

# Too few people cannot be put together in households that hold the shares.
FEWEST = 200
_BATCH = 20_000
_LARGEST_HOUSEHOLD = 7
_PHONE_AGE = 16
_GENERAL_GROUP = "10"
_PER_100K = 100_000


@dataclass(frozen=True, slots=True)
class SyntheticPerson:
    """Somebody who does not exist.

    ``relation`` is to the household's head; ``phone`` is None under 16; ``division_code`` is the
    township; ``groups`` are contract-group codes, sorted, ``("10",)`` for those in no other.
    """

    id: UUID
    household_id: UUID
    relation: Relation
    name: str
    sex: Sex
    birth_date: date
    id_number: str
    phone: str | None
    village_code: str
    division_code: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Household:
    """People who live together; the head comes first and is an adult."""

    id: UUID
    division_code: str
    village_code: str
    village_name: str
    members: tuple[SyntheticPerson, ...]


def people_at(pack: RegionPack, scale: float) -> int:
    """How many people ``households`` makes at a scale (0 < scale <= 1, the share of the region).

    Raises ValueError for another scale and for one that gives fewer than ``FEWEST`` people.
    """
    count = round(pack.residents * scale) if 0 < scale <= 1 else 0
    if count < FEWEST:
        lowest = FEWEST / pack.residents
        raise ValueError(f"scale must be between {lowest:.6f} and 1, not {scale}")
    return count


def households(
    pack: RegionPack, *, today: date, seed: int = 1, scale: float = 0.01
) -> Iterator[Household]:
    """The households, ordered by township and village; ages are completed years on ``today``.

    Lazy: a whole city need not fit in memory. Raises ValueError as ``people_at`` does.
    """
    total = people_at(pack, scale)
    maker = _Maker(pack, today, Random(f"{seed}/population"))
    return maker.households(total)


class _Maker:
    """Holds the sources of chance and what has been given out."""

    def __init__(self, pack: RegionPack, today: date, rng: Random) -> None:
        self._pack = pack
        self._today = today
        self._rng = rng
        self._ids = Identifiers(rng)
        self._id_numbers = IdNumbers(rng)
        self._phones = Phones(pack.region.demo_phone_prefix)
        self._names = NameMaker(pack.names, rng)
        self._weights = _village_weights(pack, rng)
        self._groups = _Groups(pack, self._weights, rng)

    def households(self, total: int) -> Iterator[Household]:
        villages = _places(self._weights, total)
        village, room = next(villages)
        for members in self._composed(total):
            while room <= 0:
                village, more = next(villages)
                room += more
            room -= len(members)
            yield self._household(members, village)

    def _composed(self, total: int) -> Iterator[list[Member]]:
        batches = max(1, total // _BATCH)
        for batch in range(batches):
            count = total * (batch + 1) // batches - total * batch // batches
            yield from compose(self._pool(count), self._sizes(count), self._rng)

    def _pool(self, count: int) -> AgePool:
        cells = _age_cells(self._pack)
        pool = AgePool()
        counts = counts_by_share([share for _, _, share in cells], count, self._rng)
        for (sex, age, _), number in zip(cells, counts, strict=True):
            pool.add(sex, age, number)
        return pool

    def _sizes(self, count: int) -> list[int]:
        kinds = range(1, _LARGEST_HOUSEHOLD + 1)
        shares = [self._pack.measure(f"household_size_{size}") for size in kinds]
        number = round(count / self._pack.measure("household_size"))
        numbers = counts_by_share(shares, number, self._rng)
        sizes = [size for size, n in zip(kinds, numbers, strict=True) for _ in range(n)]
        while sum(sizes) > count:
            sizes.sort()
            sizes[-1] -= 1
        sizes.extend([1] * (count - sum(sizes)))
        self._rng.shuffle(sizes)
        return sizes

    def _household(self, members: Sequence[Member], village: Village) -> Household:
        household_id = self._ids.new()
        surnames = self._surnames(members)
        chosen = self._groups.whole_household(village)
        people = tuple(
            self._person(member, surname, household_id, village, chosen)
            for member, surname in zip(members, surnames, strict=True)
        )
        return Household(household_id, village.division_code, village.code, village.name, people)

    def _person(
        self,
        member: Member,
        surname: str,
        household_id: UUID,
        village: Village,
        chosen: tuple[str, ...],
    ) -> SyntheticPerson:
        birth_date = self._birth_date(member.age)
        county = village.division_code[:6]
        return SyntheticPerson(
            id=self._ids.new(),
            household_id=household_id,
            relation=member.relation,
            name=self._names.name(surname, member.sex, birth_date.year),
            sex=member.sex,
            birth_date=birth_date,
            id_number=self._id_numbers.new(county, birth_date, member.sex),
            phone=self._phones.new() if member.age >= _PHONE_AGE else None,
            village_code=village.code,
            division_code=village.division_code,
            groups=tuple(sorted(self._groups.of(member) + chosen)) or (_GENERAL_GROUP,),
        )

    def _birth_date(self, age: int) -> date:
        """A day such that the person is ``age`` completed years old today."""
        latest = _years_before(self._today, age)
        earliest = _years_before(self._today, age + 1) + timedelta(days=1)
        return earliest + timedelta(days=self._rng.randint(0, (latest - earliest).days))

    def _surnames(self, members: Sequence[Member]) -> list[str]:
        """Children bear their father's surname, a wife and a mother keep their own."""
        head = self._names.surname()
        spouse = self._names.surname()
        father = spouse if members[0].sex == "female" and members[1:2] else head
        if members[1:2] and members[1].relation != "spouse":
            father = head
        surnames = []
        for member in members:
            if member.relation == "head" or (member.relation == "parent" and member.sex == "male"):
                surnames.append(head)
            elif member.relation == "spouse":
                surnames.append(spouse)
            elif member.relation in ("child", "grandchild"):
                surnames.append(father)
            else:
                surnames.append(self._names.surname())
        return surnames


class _Groups:
    """Who belongs to which contract group, by age and sex."""

    def __init__(
        self, pack: RegionPack, weights: Sequence[tuple[Village, float]], rng: Random
    ) -> None:
        cells = _age_cells(pack)
        rural = sum(weight for village, weight in weights if village.rural)
        rural_share = rural / sum(weight for _, weight in weights)
        self._people: list[tuple[str, dict[tuple[Sex, int], float], Even]] = []
        self._households: list[tuple[str, float, Even]] = []
        for group in pack.groups:
            if group.code == _GENERAL_GROUP:
                continue
            if group.rural_households and group.per_100k is not None:
                chance = group.per_100k / _PER_100K / rural_share
                self._households.append((group.code, chance, Even(rng)))
            else:
                self._people.append((group.code, _chances(group, cells), Even(rng)))

    def of(self, member: Member) -> tuple[str, ...]:
        key = (member.sex, member.age)
        return tuple(code for code, chances, even in self._people if even.takes(chances[key]))

    def whole_household(self, village: Village) -> tuple[str, ...]:
        if not village.rural:
            return ()
        return tuple(code for code, chance, even in self._households if even.takes(chance))


def _chances(
    group: PopulationGroup, cells: Sequence[tuple[Sex, int, float]]
) -> dict[tuple[Sex, int], float]:
    """The chance of each sex and age, such that all residents together give the group's rate."""

    def weight(sex: Sex, age: int) -> float:
        if not group.from_age <= age <= group.to_age or (group.sex and group.sex != sex):
            return 0.0
        return float(group.growth_per_decade ** ((age - group.from_age) / 10))

    if group.per_100k is None:
        return {(sex, age): 1.0 if weight(sex, age) else 0.0 for sex, age, _ in cells}
    whole = sum(share * weight(sex, age) for sex, age, share in cells)
    rate = group.per_100k / _PER_100K
    # Rounded, so that the last bit of a machine's power function decides nothing.
    return {
        (sex, age): round(min(1.0, rate * weight(sex, age) / whole), 9) for sex, age, _ in cells
    }


def _age_cells(pack: RegionPack) -> list[tuple[Sex, int, float]]:
    """Each sex and single year of age with its share of the residents (together 1)."""
    cells: list[tuple[Sex, int, float]] = []
    for band in pack.ages:
        years = band.to_age - band.from_age + 1
        male = band.share / 100 * band.male_share / 100 / years
        for age in range(band.from_age, band.to_age + 1):
            cells.append(("male", age, male))
            cells.append(("female", age, band.share / 100 / years - male))
    return cells


def _village_weights(pack: RegionPack, rng: Random) -> list[tuple[Village, float]]:
    """Villages with their part of the residents: a township's people over its villages, whose
    sizes are not known and so made up to differ (60 to 140 % of their mean).
    """
    weights = []
    for township in pack.townships:
        villages = pack.villages_of[township.code]
        parts = [rng.uniform(0.6, 1.4) for _ in villages]
        for village, part in zip(villages, parts, strict=True):
            weights.append((village, township.population * part / sum(parts)))
    return weights


def _places(
    weights: Sequence[tuple[Village, float]], total: int
) -> Iterator[tuple[Village, float]]:
    """Villages one after another, each with the places it has; the last takes who is left."""
    whole = sum(weight for _, weight in weights)
    for village, weight in weights:
        yield village, weight / whole * total
    yield weights[-1][0], float(total)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return date(day.year - years, 2, 28)
