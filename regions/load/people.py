"""Households and people as the residents room keeps them: numbers encrypted, found by digests."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from auth.public import phone_index
from core import crypto
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.population import Household, SyntheticPerson
from residents.public import compose_record_number, id_index, id_tail_index, record_index

ADULT = 18
_SOURCE = "example"
_LONGEST_MEMBERSHIP = 5 * 365


class PeopleLoader:
    """Writes households; ``township`` is where grown-ups with a phone get an account.

    ``apart`` are people whose account is made elsewhere, ``segments`` the villages' places in
    health-record numbers, by village code.
    """

    def __init__(
        self,
        bulk: Bulk,
        *,
        seed: int,
        now: datetime,
        today: date,
        township: str,
        apart: Collection[UUID] = (),
        segments: Mapping[str, str],
    ) -> None:
        self._bulk = bulk
        self._rng = Random(f"{seed}/people")
        self._ids = Identifiers(Random(f"{seed}/accounts"))
        self._now = now
        self._today = today
        self._township = township
        self._apart = apart
        self._segments = segments
        self._serials: Counter[str] = Counter()

    def load(self, households: Sequence[Household]) -> None:
        """Households with their people, groups and accounts."""
        self._bulk.copy(
            "residents_household",
            ("id", "division_code", "village_code", "village_name"),
            ((h.id, h.division_code, h.village_code, h.village_name) for h in households),
        )
        people = [person for household in households for person in household.members]
        self._bulk.copy(
            "residents_person",
            ("id", "household_id", "relation", "name", "sex", "birth_date", "id_number", "id_index",
             "id_tail_index", "phone", "phone_index", "division_code", "record_number",
             "record_index", "verified_at", "example", "created_at"),
            (self._person(person) for person in people),
        )  # fmt: skip
        self._bulk.run(
            "INSERT INTO residents_record_serial (prefix, last)"
            " SELECT * FROM unnest(%(prefixes)s::text[], %(serials)s::int[])"
            " ON CONFLICT (prefix) DO UPDATE SET last = excluded.last",
            {"prefixes": list(self._serials), "serials": list(self._serials.values())},
        )
        self._bulk.copy(
            "residents_group_membership",
            ("person_id", "group_code", "source", "since"),
            (row for person in people for row in self._memberships(person)),
        )
        self._bulk.copy(
            "auth_account",
            ("id", "display_name", "phone", "phone_index", "person_id", "created_at"),
            (self._account(person) for person in people if self._signs_in(person)),
        )

    def _person(self, person: SyntheticPerson) -> tuple[object, ...]:
        phone = person.phone
        return (
            person.id,
            person.household_id,
            person.relation,
            person.name,
            person.sex,
            person.birth_date,
            crypto.encrypt(person.id_number, "residents_person.id_number"),
            id_index(person.id_number),
            id_tail_index(person.id_number),
            crypto.encrypt(phone, "residents_person.phone") if phone else None,
            phone_index(phone) if phone else None,
            person.division_code,
            *self._record_number(person),
            self._now if self._signs_in(person) else None,
            True,
            self._now,
        )

    def _record_number(self, person: SyntheticPerson) -> tuple[bytes, bytes]:
        """The next number of the person's village, and the digest that finds it."""
        segment = self._segments[person.village_code]
        prefix = person.division_code + segment
        self._serials[prefix] += 1
        number = compose_record_number(person.division_code, segment, self._serials[prefix])
        return crypto.encrypt(number, "residents_person.record_number"), record_index(number)

    def _memberships(self, person: SyntheticPerson) -> Iterator[tuple[object, ...]]:
        for group in person.groups:
            back = timedelta(days=self._rng.randint(1, _LONGEST_MEMBERSHIP))
            yield person.id, group, _SOURCE, max(person.birth_date, self._today - back)

    def _account(self, person: SyntheticPerson) -> tuple[UUID, str, bytes, bytes, UUID, datetime]:
        phone = person.phone or ""
        return (
            self._ids.new(),
            person.name,
            crypto.encrypt(phone, "auth_account.phone"),
            phone_index(phone),
            person.id,
            self._now,
        )

    def _signs_in(self, person: SyntheticPerson) -> bool:
        """A share of the residents has an account, joined to their person as by a check."""
        grown_up = (self._today - person.birth_date).days >= ADULT * 365.25
        here = person.division_code == self._township and person.id not in self._apart
        return bool(person.phone) and grown_up and here
