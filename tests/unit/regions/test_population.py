"""The made-up people look like the region's, and are the same at every making."""

import hashlib
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regions.pack import RegionPack
from regions.population import FEWEST, Household, SyntheticPerson, households, people_at
from residents.identity import parse_id_number
from tests.unit.regions.conftest import TODAY


def people(made: list[Household]) -> list[SyntheticPerson]:
    return [member for household in made for member in household.members]


def age(person: SyntheticPerson, today: date = TODAY) -> int:
    born = person.birth_date
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def share(made: list[Household], low: int, high: int) -> float:
    everybody = people(made)
    return 100 * sum(low <= age(person) <= high for person in everybody) / len(everybody)


def fingerprint(made: list[Household]) -> str:
    return hashlib.sha256(repr(made).encode()).hexdigest()


def test_there_are_as_many_as_the_scale_says(pack: RegionPack, hundredth: list[Household]) -> None:
    assert len(people(hundredth)) == people_at(pack, 0.01) == 43_163


def test_ages_and_sexes_are_the_regions(pack: RegionPack, hundredth: list[Household]) -> None:
    assert share(hundredth, 0, 14) == pytest.approx(pack.measure("age_0_14"), abs=0.1)
    assert share(hundredth, 15, 59) == pytest.approx(pack.measure("age_15_59"), abs=0.1)
    assert share(hundredth, 60, 120) == pytest.approx(pack.measure("age_60_plus"), abs=0.1)
    assert share(hundredth, 65, 120) == pytest.approx(pack.measure("age_65_plus"), abs=0.1)
    assert share(hundredth, 0, 6) == pytest.approx(pack.measure("age_0_6"), abs=0.1)
    everybody = people(hundredth)
    males = 100 * sum(person.sex == "male" for person in everybody) / len(everybody)
    assert pack.measure("province_male_share") <= males <= pack.measure("registered_male_share")


def test_households_are_of_the_regions_size(pack: RegionPack, hundredth: list[Household]) -> None:
    mean = len(people(hundredth)) / len(hundredth)
    assert mean == pytest.approx(pack.measure("household_size"), abs=0.03)
    sizes = Counter(len(household.members) for household in hundredth)
    for size in range(1, 8):
        expected = pack.measure(f"household_size_{size}")
        assert 100 * sizes[size] / len(hundredth) == pytest.approx(expected, abs=0.5)


def test_groups_have_their_rates(pack: RegionPack, hundredth: list[Household]) -> None:
    everybody = people(hundredth)
    counts = Counter(group for person in everybody for group in person.groups)
    for group in pack.groups:
        if group.per_100k is not None:
            expected = group.per_100k / 100_000 * len(everybody)
            assert counts[group.code] == pytest.approx(expected, rel=0.05, abs=2)
    assert counts["03"] == sum(age(person) >= 65 for person in everybody)
    assert counts["02"] == sum(age(person) <= 6 for person in everybody)


def test_chronic_disease_comes_with_age(hundredth: list[Household]) -> None:
    ill = Counter(age(person) // 10 for person in people(hundredth) if "04" in person.groups)
    all_ages = Counter(age(person) // 10 for person in people(hundredth))
    rates = [ill[decade] / all_ages[decade] for decade in range(4, 9)]
    assert all(younger < older for younger, older in pairwise(rates))


def test_low_income_households_are_rural_and_whole(
    pack: RegionPack, hundredth: list[Household]
) -> None:
    rural = {village.code for village in pack.villages if village.rural}
    for household in hundredth:
        poor = ["13" in member.groups for member in household.members]
        assert all(poor) or not any(poor)
        assert household.village_code in rural or not any(poor)


def test_townships_have_their_share(pack: RegionPack, hundredth: list[Household]) -> None:
    counts = Counter(person.division_code for person in people(hundredth))
    for township in pack.townships:
        assert counts[township.code] == pytest.approx(township.population * 0.01, abs=16)
    assert {h.village_code for h in hundredth} == {village.code for village in pack.villages}


def test_a_city_is_not_made_of_a_few_names(hundredth: list[Household]) -> None:
    names = Counter(person.name for person in people(hundredth))
    assert len(names) > 10_000
    assert any(len(name) > 8 for name in names)


def test_numbers_ids_and_phones_are_unique_and_in_their_range(
    pack: RegionPack, hundredth: list[Household]
) -> None:
    everybody = people(hundredth)
    phones = [person.phone for person in everybody if person.phone is not None]
    assert len({person.id_number for person in everybody}) == len(everybody)
    assert len({person.id for person in everybody}) == len(everybody)
    assert len(set(phones)) == len(phones)
    prefix = pack.region.demo_phone_prefix
    assert all(p.startswith(prefix) and len(p) == 11 and p.isdigit() for p in phones)
    assert all(person.id.version == 7 for person in everybody)
    ids = [household.id for household in hundredth]
    assert ids == sorted(ids)


def check_coherent(made: list[Household], pack: RegionPack, today: date) -> None:
    """What holds of every person and household whatever the seed, scale and day."""
    groups = {group.code: group for group in pack.groups}
    for household in made:
        head = household.members[0]
        assert head.relation == "head"
        assert age(head, today) >= 18
        assert household.village_code.startswith(household.division_code)
        for person in household.members:
            number = parse_id_number(person.id_number)
            assert number.division6 == person.division_code[:6]
            assert (number.birth_date, number.sex) == (person.birth_date, person.sex)
            assert person.household_id == household.id
            assert (person.phone is None) == (age(person, today) < 16)
            assert person.groups
            assert list(person.groups) == sorted(set(person.groups))
            for code in person.groups:
                group = groups[code]
                assert group.from_age <= age(person, today) <= group.to_age
                assert group.sex in (None, person.sex)
            assert "10" not in person.groups or len(person.groups) == 1
            gap = age(head, today) - age(person, today)
            if person.relation == "child":
                assert gap >= 16
            if person.relation == "parent":
                assert gap <= -16
            if person.relation == "spouse":
                assert person.sex != head.sex
                assert age(person, today) >= 20


def test_everybody_is_coherent(pack: RegionPack, hundredth: list[Household]) -> None:
    check_coherent(hundredth, pack, TODAY)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(FEWEST, 1500),
    today=st.dates(date(2020, 1, 1), date(2040, 12, 31)) | st.just(date(2028, 2, 29)),
)
def test_any_seed_size_and_day_is_coherent(
    pack: RegionPack, seed: int, count: int, today: date
) -> None:
    scale = count / pack.residents
    made = list(households(pack, today=today, seed=seed, scale=scale))
    assert len(people(made)) == count
    check_coherent(made, pack, today)
    seniors = sum(age(person, today) >= 65 for person in people(made))
    assert seniors == pytest.approx(0.12 * count, abs=2)


def test_the_same_seed_makes_the_same_people(pack: RegionPack) -> None:
    made = [list(households(pack, today=TODAY, seed=seed, scale=0.001)) for seed in (7, 7, 8)]
    assert fingerprint(made[0]) == fingerprint(made[1]) != fingerprint(made[2])


@pytest.mark.parametrize("scale", [0, -1, 1.01, 0.00001, float("nan")])
def test_a_scale_that_makes_no_city_is_refused(pack: RegionPack, scale: float) -> None:
    with pytest.raises(ValueError, match="scale must be between"):
        households(pack, today=TODAY, scale=scale)
