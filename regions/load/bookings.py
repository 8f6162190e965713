"""Made-up bookings: a year that has passed, and those of the coming days in the open sessions."""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from appointments.public import SlotTimes, slot_times
from appointments.schemas import Because, Pool, Source, State
from regions.booking_rules import hours
from regions.identifiers import Identifiers
from regions.load.bulk import Bulk
from regions.load.clinics import WeeklyClinic
from regions.load.organisation import Places
from regions.pack import RegionPack
from regions.population import SyntheticPerson

# Bookings a resident and year: 45 % of hospital visits (load model; assumption), 4.64 of 4.32 m.
A_YEAR = 1.08
_AGAIN = A_YEAR / (1 + A_YEAR)
_CANCELLED, _NO_SHOW = 0.066, 0.03
_WEEKS = 52
_CHILD, _OLD = 14, 60
_FOR_WOMEN = ("05", "06", "50.03")
_FOR_CHILDREN = ("07", "08", "09", "50.04")
_FOR_THE_OLD = ("03.10", "50.12")
# How much likelier a hospital of one's own county is, and one of the third grade elsewhere.
_NEAR, _RENOWNED, _FAR = 1.0, 0.15, 0.01

BOOKING = (
    "id", "slot_id", "person_id", "institution_id", "department_id", "division_code", "date",
    "starts_at", "number", "pool", "source", "state", "created_at", "cancelled_at", "because",
)  # fmt: skip


class Audience(NamedTuple):
    """What decides which departments suit somebody."""

    child: bool
    female: bool
    old: bool


class Slot(NamedTuple):
    """A slot as a booking copies it."""

    id: UUID
    session_id: UUID
    institution_id: UUID
    department_id: UUID
    division_code: str
    date: date
    times: SlotTimes
    capacity: int


@dataclass(frozen=True, slots=True)
class Offer:
    """Clinics that suit somebody, with weights that add up."""

    clinics: list[WeeklyClinic]
    weights: list[float]

    def draw(self, rng: Random) -> WeeklyClinic:
        """One of them."""
        return self.clinics[bisect(self.weights, rng.random() * self.weights[-1])]


class Offers:
    """Which clinics people of a county, age and sex go to."""

    def __init__(self, clinics: list[WeeklyClinic], today: date) -> None:
        self._clinics = clinics
        self._today = today
        self._made: dict[tuple[str, Audience], Offer] = {}

    def of(self, person: SyntheticPerson) -> Offer:
        """The clinics that suit this person."""
        key = person.division_code[:6], self._audience(person)
        if key not in self._made:
            self._made[key] = self._offer(*key)
        return self._made[key]

    def _audience(self, person: SyntheticPerson) -> Audience:
        age = (self._today - person.birth_date).days // 365.25
        return Audience(age <= _CHILD, person.sex == "female", age >= _OLD)

    def _offer(self, county: str, audience: Audience) -> Offer:
        suited = [c for c in self._clinics if _suits(c.department.specialty_code, audience)]
        weights = accumulate(_attraction(clinic, county) for clinic in suited)
        return Offer(suited, list(weights))


def _suits(specialty: str, audience: Audience) -> bool:
    if audience.child or specialty.startswith(_FOR_CHILDREN):
        return audience.child and specialty.startswith(_FOR_CHILDREN)
    if specialty.startswith(_FOR_WOMEN):
        return audience.female
    return audience.old or not specialty.startswith(_FOR_THE_OLD)


def _attraction(clinic: WeeklyClinic, county: str) -> float:
    institution = clinic.institution
    if institution.county_code == county:
        return institution.beds * _NEAR
    return institution.beds * (_RENOWNED if institution.tertiary else _FAR)


class Counts:
    """How many bookings a slot has had, and how many of them still stand."""

    def __init__(self) -> None:
        self.issued: Counter[UUID] = Counter()
        self.live: Counter[UUID] = Counter()

    def take(self, slot: Slot, state: State) -> int | None:
        """The number of a new booking; None where the slot is full."""
        if self.live[slot.id] >= slot.capacity:
            return None
        self.issued[slot.id] += 1
        self.live[slot.id] += state is not State.CANCELLED
        return self.issued[slot.id]


class PastBookings:
    """Bookings of the last year, with the sessions and slots that they need and no others."""

    def __init__(
        self,
        bulk: Bulk,
        pack: RegionPack,
        places: Places,
        offers: Offers,
        *,
        seed: int,
        today: date,
    ) -> None:
        self._bulk = bulk
        self._pack = pack
        self._places = places
        self._offers = offers
        self._today = today
        self._rng = Random(f"{seed}/bookings")
        self._ids = Identifiers(Random(f"{seed}/booking-ids"))
        self._sessions: dict[tuple[WeeklyClinic, date], UUID] = {}
        self._slots: dict[tuple[UUID, int], Slot] = {}
        self._counts = Counts()
        self._times = cache(self._slot_times)

    def load(self, people: Iterable[SyntheticPerson]) -> None:
        """Bookings of these people; their slots are written by ``load_slots``."""
        rows = (row for person in people for row in self._bookings(person))
        self._bulk.copy("appointments_booking", BOOKING, rows)

    def load_slots(self) -> None:
        """The sessions and slots of all bookings so far."""
        self._bulk.copy(
            "appointments_session",
            ("id", "institution_id", "department_id", "staff_id", "division_code",
             "institution_name", "department_name", "department_name_en", "clinic_name",
             "doctor_title", "place", "example", "kind", "date", "half_day", "fee_fen",
             "stop_reason", "pause_reason", "created_at"),
            (
                self._session(session_id, clinic, day)
                for (clinic, day), session_id in self._sessions.items()
            ),
        )  # fmt: skip
        self._bulk.copy(
            "appointments_slot",
            ("id", "session_id", "institution_id", "department_id", "division_code", "date",
             "starts_at", "ends_at", "opens_at", "closes_at", "cancel_until", "reserved_until",
             "capacity", "taken", "remaining", "family_doctor", "referral", "onsite", "elderly",
             "waitlist", "issued"),
            (
                (*slot[:6], *slot.times, slot.capacity, self._counts.live[slot.id],
                 slot.capacity - self._counts.live[slot.id], 0, 0, 0, 0, 0,
                 self._counts.issued[slot.id])
                for slot in self._slots.values()
            ),
        )  # fmt: skip

    def _bookings(self, person: SyntheticPerson) -> Iterator[tuple[object, ...]]:
        offer, days = self._offers.of(person), set()
        while self._rng.random() < _AGAIN:
            slot = self._slot(offer.draw(self._rng))
            if slot.date in days or slot.date < person.birth_date:
                continue
            days.add(slot.date)
            booking = self._booking(person, slot)
            if booking:
                yield booking

    def _booking(self, person: SyntheticPerson, slot: Slot) -> tuple[object, ...] | None:
        times = slot.times
        made = _between(times.opens_at, times.closes_at, self._rng.random())
        state, chance = State.ATTENDED, self._rng.random()
        if chance < _CANCELLED and made < times.cancel_until:
            state = State.CANCELLED
        elif chance > 1 - _NO_SHOW:
            state = State.NO_SHOW
        number = self._counts.take(slot, state)
        if number is None:
            return None
        cancelled = _between(made, times.cancel_until, self._rng.random())
        ended = cancelled if state is State.CANCELLED else None
        return booking_row(self._ids.new(), slot, person.id, number, state, made, ended)

    def _slot(self, clinic: WeeklyClinic) -> Slot:
        """A slot of that clinic in some week of the last year."""
        since = (self._today.isoweekday() - clinic.weekday - 1) % 7 + 1
        day = self._today - timedelta(days=since + 7 * self._rng.randrange(_WEEKS))
        key = clinic, day
        if key not in self._sessions:
            self._sessions[key] = self._ids.new()
        session_id = self._sessions[key]
        times = self._times(clinic.kind, day, clinic.half_day)
        place = self._rng.randrange(len(times))
        found = self._slots.get((session_id, place))
        if found is None:
            found = Slot(
                self._ids.new(),
                session_id,
                self._places.institutions[clinic.institution.code],
                clinic.department_id(self._places),
                clinic.institution.division_code,
                day,
                times[place],
                clinic.places,
            )
            self._slots[session_id, place] = found
        return found

    def _slot_times(self, kind: Any, day: date, half_day: Any) -> list[SlotTimes]:
        # The rules of all institutions are the same: the region's.
        rule: Any = hours(self._pack.appointment_rules)
        return slot_times(rule, kind, day, half_day)

    def _session(self, session_id: UUID, clinic: WeeklyClinic, day: date) -> tuple[object, ...]:
        doctor, department = clinic.doctor, clinic.department
        opened = self._times(clinic.kind, day, clinic.half_day)[0].opens_at
        return (
            session_id,
            self._places.institutions[clinic.institution.code],
            clinic.department_id(self._places),
            doctor.id if doctor else None,
            clinic.institution.division_code,
            clinic.institution.name,
            department.name,
            department.name_en or None,
            clinic.name,
            doctor.title if doctor else "",
            clinic.place,
            True if doctor else clinic.institution.example,
            clinic.kind.value,
            day,
            clinic.half_day.value,
            clinic.fee_fen,
            "",
            "",
            opened,
        )


def booking_row(
    booking_id: UUID,
    slot: Slot,
    person_id: UUID,
    number: int,
    state: State,
    made: datetime,
    cancelled: datetime | None,
) -> tuple[object, ...]:
    """A row of ``appointments_booking``."""
    return (
        booking_id,
        slot.id,
        person_id,
        slot.institution_id,
        slot.department_id,
        slot.division_code,
        slot.date,
        slot.times.starts_at,
        number,
        Pool.PUBLIC.value,
        Source.OWN.value,
        state.value,
        made,
        cancelled,
        Because.PATIENT.value if cancelled else None,
    )


def _between(first: datetime, last: datetime, share: float) -> datetime:
    return first + (last - first) * share
