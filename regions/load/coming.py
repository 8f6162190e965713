"""Made-up bookings of the coming days, in the sessions that the appointments have opened."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from appointments.public import SlotTimes
from appointments.schemas import State
from core import clock
from regions.chance import Even
from regions.facts import Institution
from regions.identifiers import Identifiers
from regions.load.bookings import A_YEAR, BOOKING, Counts, Offers, Slot, booking_row
from regions.load.bulk import Bulk
from regions.load.organisation import Places
from regions.population import SyntheticPerson

_DAYS_AHEAD = 6
_DAYS_OF_A_YEAR = 365
# Patients that the demo's desk sees on each day it is open.
_AT_DESK = 12
_MOST_AHEAD = 2

_SLOTS = """
SELECT id, session_id, institution_id, department_id, division_code, date, starts_at, ends_at,
    opens_at, closes_at, cancel_until, reserved_until, remaining
FROM appointments_slot
WHERE opens_at <= %(now)s AND date BETWEEN %(today)s AND %(last)s
ORDER BY date, starts_at, department_id, session_id
"""


class ComingBookings:
    """Gathers patients while people are loaded, and books for them when the sessions are open."""

    def __init__(
        self, bulk: Bulk, places: Places, offers: Offers, *, seed: int, now: datetime, township: str
    ) -> None:
        self._bulk = bulk
        self._places = places
        self._offers = offers
        self._now = now
        self._township = township
        self._rng = Random(f"{seed}/coming")
        self._ids = Identifiers(Random(f"{seed}/coming-ids"))
        self._falls_ill = Even(self._rng)
        self._patients: list[SyntheticPerson] = []
        self._neighbours: list[SyntheticPerson] = []
        self._counts = Counts()
        self._days: set[tuple[UUID, date]] = set()
        self._rows: list[tuple[object, ...]] = []

    def consider(self, people: list[SyntheticPerson]) -> None:
        """A share of these people has a booking; those of the township come to the desk."""
        chance = A_YEAR * _DAYS_AHEAD / _DAYS_OF_A_YEAR
        self._patients += [person for person in people if self._falls_ill.takes(chance)]
        self._neighbours += [p for p in people if p.division_code == self._township and p.phone]

    def load(self, desk: Institution, guest: SyntheticPerson, specialty: str) -> UUID | None:
        """Book for everybody considered, and see that the desk has patients every day.

        The ``guest`` comes first, with a visit to that specialty at the desk's institution;
        returns its booking, None where it has no such department.
        """
        by_department: dict[UUID, list[Slot]] = defaultdict(list)
        by_day: dict[date, list[Slot]] = defaultdict(list)
        desk_id = self._places.institutions[desk.code]
        for slot in self._open_slots():
            by_department[slot.department_id].append(slot)
            if slot.institution_id == desk_id:
                by_day[slot.date].append(slot)
        departments = {
            clinic.department_id(self._places)
            for clinic in self._offers.of(guest).clinics
            if clinic.institution is desk and clinic.department.specialty_code == specialty
        }
        visit = self._book_guest(guest, [s for d in departments for s in by_department[d]])
        for person in self._patients:
            clinic = self._offers.of(person).draw(self._rng)
            if slots := by_department.get(clinic.department_id(self._places)):
                self.book(person, self._rng.choice(slots))
        self._fill_desk(by_day)
        self._write()
        return visit

    def book(self, person: SyntheticPerson, slot: Slot) -> UUID | None:
        """Take a place; None where there is none, or the person goes elsewhere on that day."""
        if (person.id, slot.date) in self._days:
            return None
        number = self._counts.take(slot, State.BOOKED)
        if number is None:
            return None
        self._days.add((person.id, slot.date))
        last = min(self._now, slot.times.closes_at)
        made = slot.times.opens_at + (last - slot.times.opens_at) * self._rng.random()
        booking_id = self._ids.new()
        row = booking_row(booking_id, slot, person.id, number, State.BOOKED, made, None)
        self._rows.append(row)
        return booking_id

    def _book_guest(self, guest: SyntheticPerson, slots: list[Slot]) -> UUID | None:
        """The first free place from the day after tomorrow on."""
        earliest = clock.local(self._now).date() + timedelta(days=2)
        for slot in slots:
            if slot.date >= earliest and (visit := self.book(guest, slot)):
                return visit
        return None

    def _fill_desk(self, by_day: dict[date, list[Slot]]) -> None:
        for day, slots in by_day.items():
            free = [p for p in self._neighbours if (p.id, day) not in self._days]
            for person in self._rng.sample(free, min(_AT_DESK, len(free))):
                suited = {c.department_id(self._places) for c in self._offers.of(person).clinics}
                fitting = [slot for slot in slots if slot.department_id in suited]
                # Nobody has so many visits ahead that they could not book another.
                if fitting and sum(who == person.id for who, _ in self._days) < _MOST_AHEAD:
                    self.book(person, self._rng.choice(fitting))

    def _open_slots(self) -> list[Slot]:
        today = clock.local(self._now).date()
        last = today + timedelta(days=_DAYS_AHEAD)
        rows = self._bulk.rows(_SLOTS, {"now": self._now, "today": today, "last": last})
        return [Slot._make((*row[:6], SlotTimes._make(row[6:12]), row[12])) for row in rows]

    def _write(self) -> None:
        self._bulk.copy("appointments_booking", BOOKING, self._rows)
        self._bulk.run(
            "CREATE TEMP TABLE load_taken (slot_id uuid, live int, issued int) ON COMMIT DROP"
        )
        self._bulk.copy(
            "load_taken",
            ("slot_id", "live", "issued"),
            ((slot, self._counts.live[slot], count) for slot, count in self._counts.issued.items()),
        )
        self._bulk.run(
            "UPDATE appointments_slot SET taken = live, remaining = remaining - live,"
            " issued = load_taken.issued FROM load_taken WHERE id = slot_id"
        )
