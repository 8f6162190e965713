"""The demo's accounts and the few people they belong to; made up, like everybody of the demo.

Everyone signs in by name with ``PASSWORD``, staff with a code sent to their phone besides; the
resident also by phone alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from core.messages import N_
from regions.facts import Region, Village
from regions.facts.base import Sex
from regions.households import Relation
from regions.identifiers import Identifiers, IdNumbers
from regions.names import NameMaker
from regions.pack import RegionPack
from regions.population import Household, SyntheticPerson
from regions.staff import StaffMember
from residents.public import check_digit

PASSWORD = "kangqiao-demo"  # noqa: S105  printed for everybody: it opens nothing but the demo
RESIDENT, LEADER, NURSE = "demo-resident", "demo-leader", "demo-nurse"
REGISTRAR, ADMINISTRATOR, ANALYST = "demo-registrar", "demo-admin", "demo-analyst"
COUNTY_ADMINISTRATOR = "demo-county-admin"
INSTITUTION_ADMINISTRATOR = "demo-institution-admin"
SECURITY = "demo-security"
AUDITOR = "demo-auditor"
WELCOME = N_("这是演示账号：里面的人和事都是示例，您可以放心试用。")
# Whom the resident sees at the hospital: cardiology (specialty code).
SPECIALTY = "03.04"
ORDERED_GROUP = "04"

# Numbers that the population never gets: it steps through all others first.
_RESIDENT_PHONE = 1
_ASKING_PHONE = 91
_STAFF_PHONES = {
    LEADER: 51,
    NURSE: 52,
    REGISTRAR: 53,
    ADMINISTRATOR: 54,
    ANALYST: 55,
    SECURITY: 56,
    AUDITOR: 57,
    COUNTY_ADMINISTRATOR: 58,
    INSTITUTION_ADMINISTRATOR: 59,
}
STAFF = tuple(_STAFF_PHONES)
_PHONE_DIGITS = 11
_DAYS_SINCE_BIRTHDAY = 100
_HEARD = "华", "花"


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of the demo: they live in the township of the leader's team."""

    resident: SyntheticPerson
    leader: SyntheticPerson
    applicants: tuple[SyntheticPerson, ...]
    households: tuple[Household, ...]
    # Second records of some of them, for the comparison to find.
    again: tuple[SyntheticPerson, ...]

    @property
    def ids(self) -> frozenset[UUID]:
        """Whose account is made by hand, or who have none."""
        return frozenset({self.resident.id, self.leader.id, *(each.id for each in self.again)})


def resident_phone(region: Region) -> str:
    """The phone that the demo's resident signs in with."""
    return _phone(region, _RESIDENT_PHONE)


def asking_phone(region: Region) -> str:
    """The phone of somebody whose paper staff have to see before they are anybody here."""
    return _phone(region, _ASKING_PHONE)


def staff_phone(region: Region, username: str) -> str:
    """The phone that the second factor of a member of staff arrives at."""
    return _phone(region, _STAFF_PHONES[username])


def cast_people(
    pack: RegionPack, village: Village, leader: StaffMember, *, today: date, seed: int
) -> Cast:
    """The demo's people: a couple, the team's leader, and three who apply to the team."""
    maker = _Maker(pack, village, today, Random(f"{seed}/demo"))
    couple = maker.household(
        (("head", "female", 68, ("03", "04")), ("spouse", "male", 70, ("03",)))
    )
    doctor = maker.household((("head", leader.sex, 45, ("10",)),), name=leader.name)
    neighbours = [
        maker.household((("head", "male", 72, ("03", "05")),)),
        maker.household((("head", "female", 29, ("01",)),)),
        maker.household((("head", "male", 41, ("10",)),)),
    ]
    again = maker.again(couple.members[1], *(household.members[0] for household in neighbours))
    return Cast(
        resident=couple.members[0],
        leader=doctor.members[0],
        applicants=tuple(household.members[0] for household in neighbours),
        households=(couple, doctor, *neighbours, *again),
        again=tuple(household.members[0] for household in again),
    )


def _phone(region: Region, number: int) -> str:
    prefix = region.demo_phone_prefix
    return f"{prefix}{number:0{_PHONE_DIGITS - len(prefix)}d}"


class _Maker:
    """Holds the sources of chance, and the phones given out."""

    def __init__(self, pack: RegionPack, village: Village, today: date, rng: Random) -> None:
        self._pack = pack
        self._village = village
        self._today = today
        self._ids = Identifiers(rng)
        self._id_numbers = IdNumbers(rng)
        self._names = NameMaker(pack.names, rng)
        self._phones = _RESIDENT_PHONE

    def household(
        self,
        members: Sequence[tuple[Relation, Sex, int, tuple[str, ...]]],
        name: str | None = None,
    ) -> Household:
        """Members by relation, sex, age and groups; the head bears ``name`` if given."""
        household_id = self._ids.new()
        people = []
        for relation, sex, age, groups in members:
            born = self._birth_date(age)
            called = name or self._names.name(self._names.surname(), sex, born.year)
            people.append(self._person(household_id, relation, called, sex, born, groups))
        village = self._village
        return Household(
            household_id, village.division_code, village.code, village.name, tuple(people)
        )

    def again(self, *people: SyntheticPerson) -> list[Household]:
        """Each of these people a second time, in a household of their own: with another number, a
        birthday a day later, a name heard wrongly, and without a phone.
        """
        late = people[1].birth_date + timedelta(days=1)
        first17 = f"{people[1].id_number[:6]}{late:%Y%m%d}{people[1].id_number[14:17]}"
        heard = people[2].name[:-1] + _HEARD[people[2].name.endswith(_HEARD[0])]
        return [
            self._second(people[0]),
            self._second(people[1], birth_date=late, id_number=first17 + check_digit(first17)),
            self._second(people[2], name=heard),
            *(self._second(person, phone=None) for person in people[3:]),
        ]

    def _second(self, person: SyntheticPerson, **other: Any) -> Household:
        household_id, village = self._ids.new(), self._village
        number = self._id_numbers.new(person.id_number[:6], person.birth_date, person.sex)
        copy = {"id_number": number, "relation": "head", "groups": ("10",)} | other
        second = replace(person, id=self._ids.new(), household_id=household_id, **copy)
        return Household(household_id, village.division_code, village.code, village.name, (second,))

    def _person(
        self,
        household_id: UUID,
        relation: Relation,
        name: str,
        sex: Sex,
        born: date,
        groups: tuple[str, ...],
    ) -> SyntheticPerson:
        phone = _phone(self._pack.region, self._phones)
        self._phones += 1
        # The city itself (…01): no county has the code, so nobody of the population the number.
        city = self._pack.region.code[:4] + "01"
        return SyntheticPerson(
            id=self._ids.new(),
            household_id=household_id,
            relation=relation,
            name=name,
            sex=sex,
            birth_date=born,
            id_number=self._id_numbers.new(city, born, sex),
            phone=phone,
            village_code=self._village.code,
            division_code=self._village.division_code,
            groups=groups,
        )

    def _birth_date(self, age: int) -> date:
        """A birthday some months ago, never on 29 February."""
        birthday = self._today - timedelta(days=_DAYS_SINCE_BIRTHDAY)
        day = min(birthday.day, 28)
        return date(birthday.year - age, birthday.month, day)
