"""The demo's people share no number with the population."""

from datetime import date

from regions import demo
from regions.identifiers import Phones
from regions.pack import RegionPack
from regions.population import Household
from regions.staff import plan_staff
from residents.identity import parse_id_number

TODAY = date(2026, 11, 22)


def cast_of(pack: RegionPack) -> demo.Cast:
    leader = plan_staff(pack, scale=0.01).staff[0]
    return demo.cast_people(pack, pack.villages[0], leader, today=TODAY, seed=1)


def test_the_population_never_gets_their_phones(pack: RegionPack) -> None:
    cast = cast_of(pack)
    everybody = [person for home in cast.households for person in home.members]
    people = [person for person in everybody if person not in cast.again]
    phones = {person.phone for person in people}
    made = Phones(pack.region.demo_phone_prefix)
    assert len(phones) == len(people)
    assert phones.isdisjoint(made.new() for _ in range(pack.residents // 10))
    assert demo.resident_phone(pack.region) in phones
    staff = {demo.staff_phone(pack.region, name) for name in demo.STAFF}
    assert len(staff) == len(demo.STAFF)
    assert staff.isdisjoint(phones)
    assert staff.isdisjoint(made.new() for _ in range(pack.residents // 10))


def test_their_id_numbers_are_of_no_county(pack: RegionPack, hundredth: list[Household]) -> None:
    counties = {division.code for division in pack.divisions}
    given = {person.id_number for household in hundredth for person in household.members}
    for household in cast_of(pack).households:
        for person in household.members:
            number = parse_id_number(person.id_number)
            assert number.division6 not in counties
            assert number.birth_date == person.birth_date
            assert number.sex == person.sex
            assert person.id_number not in given


def test_the_resident_is_68_and_the_leader_has_the_doctors_name(pack: RegionPack) -> None:
    cast = cast_of(pack)
    assert (TODAY - cast.resident.birth_date).days // 365.25 == 68
    assert cast.leader.name == plan_staff(pack, scale=0.01).staff[0].name
    assert len(cast.applicants) == 3
