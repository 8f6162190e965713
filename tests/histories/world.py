"""A few slots that many clients want, and what the database says of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from appointments.models import ClinicSession
from appointments.models import Slot as SlotRow
from appointments.schemas import Because, HalfDay, Pool, Priority, Source
from appointments.services import places
from appointments.services.stopping import end_waits
from core import clock
from core.database import transaction
from directory.models import Institution
from residents.models import Person
from tests.factories.appointments import make_booking, make_clinic, make_slots, make_wait
from tests.factories.auth import make_token
from tests.factories.directory import make_team
from tests.factories.family_doctor import make_contract
from tests.factories.referrals import make_referral
from tests.factories.residents import make_consent, make_resident
from tests.model.state import (
    LIVE,
    OPEN,
    POOLS,
    Booking,
    Frame,
    Line,
    Ref,
    Slot,
    State,
    Times,
    Waited,
)

CAPACITY = 2
# So many in turn may act for each other.
FAMILY = 3
HOLD_MINUTES = 120
# The model's clock stands at NOW: a hold lasts until LATER, or is over since NOW.
NOW, LATER = 0.5, 1.0
SLOTS = """
SELECT slot.*, session.stopped_at IS NOT NULL AS session_stopped FROM appointments_slot AS slot
JOIN appointments_session AS session ON session.id = slot.session_id
WHERE slot.department_id = :department
"""
BOOKINGS = "SELECT * FROM appointments_booking WHERE department_id = :department"
WAITS = "SELECT * FROM appointments_wait WHERE department_id = :department"
# Who waits before whom, whoever came first, in turn.
RANKS = (
    Priority.ELDERLY, Priority.OTHERS, Priority.CONTRACTED, Priority.OTHERS, Priority.REFERRED,
    Priority.OTHERS,
)  # fmt: skip


class Resident(NamedTuple):
    """Who books."""

    person_id: UUID
    account_id: UUID
    token: str


class Department(NamedTuple):
    """Two sessions of two slots on one day, and those who want places there."""

    id: UUID
    institution_id: UUID
    day: str
    sessions: tuple[UUID, ...]
    slots: tuple[UUID, ...]
    residents: tuple[Resident, ...]
    frame: Frame

    def family(self, person: int) -> range:
        """Those who may act for each other, this one among them."""
        first = person - person % FAMILY
        return range(first, min(first + FAMILY, len(self.residents)))


class Snapshot(NamedTuple):
    """A department at rest: the model's state, and the ids of the bookings and of the waits."""

    state: State
    ids: dict[Ref, UUID]
    waits: dict[Line, UUID]


def build(departments: int, residents: int, **pools: int) -> list[Department]:
    """Make them, with so many residents each; ``pools`` are kept from the public in each slot, of
    its ``capacity``.
    """
    with transaction() as session:
        first = make_department(session, None, residents, **pools)
        institution = session.get_one(Institution, first.institution_id)
        others = [
            make_department(session, institution, residents, **pools) for _ in range(1, departments)
        ]
    return [first, *others]


def make_department(
    session: Session,
    institution: Institution | None,
    residents: int,
    *,
    capacity: int = CAPACITY,
    active_limit: int = 1000,
    **pools: int,
) -> Department:
    """A morning and an afternoon of two slots each; ``pools`` are kept from the public in each."""
    clinic = make_clinic(
        session, institution,
        hold_minutes=HOLD_MINUTES, slot_minutes=60, day_limit=1, active_limit=active_limit,
        elderly_age=0,
        morning_from=time(8), morning_until=time(10),
        afternoon_from=time(14), afternoon_until=time(16),
    )  # fmt: skip
    day = clock.today() + timedelta(days=3)
    halves = [
        make_slots(session, clinic, day=day, half_day=half, capacity=capacity) for half in HalfDay
    ]
    slots = [slot for half in halves for slot in half]
    for slot in slots:
        slot.remaining -= sum(pools.values())
        for pool, count in pools.items():
            setattr(slot, pool, count)
    session.flush()
    ranks = tuple(RANKS[number % len(RANKS)] for number in range(residents))
    members = _residents(session, ranks)
    _give_reasons(session, slots[0], members, ranks)
    return Department(
        clinic.department.id,
        clinic.institution.id,
        day.isoformat(),
        tuple(half[0].session_id for half in halves),
        tuple(slot.id for slot in slots),
        members,
        Frame(tuple(_times(slots, slot) for slot in slots), active_limit, ranks),
    )


def _residents(session: Session, ranks: Collection[Priority]) -> tuple[Resident, ...]:
    """In families whose members may book for each other."""
    made = [
        make_resident(session, birth_date=date(1940 if rank is Priority.ELDERLY else 1980, 5, 17))
        for rank in ranks
    ]
    for number, (_, person) in enumerate(made):
        first = number - number % FAMILY
        for _, other in made[first : first + FAMILY]:
            if other is not person:
                make_consent(session, person, other)
    return tuple(
        Resident(person.id, account.id, make_token(session, account.id)) for account, person in made
    )


def _give_reasons(
    session: Session, slot: SlotRow, members: Sequence[Resident], ranks: Sequence[Priority]
) -> None:
    """What makes somebody contracted or referred."""
    team, _, _ = make_team(session)
    for member, rank in zip(members, ranks, strict=True):
        person = session.get_one(Person, member.person_id)
        if rank is Priority.CONTRACTED:
            make_contract(session, person, team)
        elif rank is Priority.REFERRED:
            make_referral(session, person, slot, team)


def _times(slots: list[SlotRow], slot: SlotRow) -> Times:
    begin = clock.now()
    sessions = list(dict.fromkeys(each.session_id for each in slots))
    moments = (
        slot.opens_at,
        slot.closes_at,
        slot.cancel_until,
        slot.reserved_until,
        slot.starts_at,
    )
    return Times(
        sessions.index(slot.session_id), 0, *((each - begin).total_seconds() for each in moments)
    )


def over_or_not(held_until: datetime) -> float:
    """The end of a hold for the clock that stands still."""
    return LATER if held_until > clock.now() else NOW


def snapshot(department: Department, until: Callable[[datetime], float] = over_or_not) -> Snapshot:
    """What the database says, at rest. Raises AssertionError where it contradicts itself."""
    this = {"department": department.id}
    with transaction() as session:
        slot_rows = {row.id: row for row in session.execute(text(SLOTS), this)}
        booking_rows = session.execute(text(BOOKINGS), this).all()
        wait_rows = session.execute(text(WAITS), this).all()
    people = {resident.person_id: i for i, resident in enumerate(department.residents)}
    numbers = {slot_id: i for i, slot_id in enumerate(department.slots)}
    refs = {row.id: Ref(numbers[row.slot_id], row.number) for row in booking_rows}
    bookings = {
        refs[row.id]: Booking(
            people[row.person_id],
            row.pool,
            row.state,
            until(row.held_until) if row.held_until else None,
            row.because,
            refs[row.changed_from] if row.changed_from else None,
            row.source == Source.REFERRAL,
        )
        for row in booking_rows
    }
    slots = tuple(_slot(slot_rows[slot_id]) for slot_id in department.slots)
    lines = {
        row.id: Line(
            department.sessions.index(row.session_id),
            people[row.person_id],
            row.created_at.timestamp(),
        )
        for row in wait_rows
    }
    waits = {
        lines[row.id]: Waited(row.state, refs[row.booking_id] if row.booking_id else None)
        for row in wait_rows
    }
    _hold_together(slots, bookings, waits, next(iter(slot_rows.values())).capacity)
    return Snapshot(
        State(slots, bookings, waits),
        {ref: id for id, ref in refs.items()},
        {line: id for id, line in lines.items()},
    )


def _slot(row: Row[Any]) -> Slot:
    free = tuple(getattr(row, places.COLUMNS[Pool(pool)]) for pool in POOLS)
    assert row.stopped == row.session_stopped
    return Slot(free, row.taken, row.issued, row.stopped)


def _hold_together(
    slots: Collection[Slot],
    bookings: Mapping[Ref, Booking],
    waits: Mapping[Line, Waited],
    capacity: int,
) -> None:
    """What no history may break, whatever the model says."""
    live = {ref: booking for ref, booking in bookings.items() if booking.state in LIVE}
    for number, slot in enumerate(slots):
        here = [ref for ref in live if ref.slot == number]
        given = [ref.number for ref in bookings if ref.slot == number]
        assert min(slot.free) >= 0
        assert slot.taken == len(here)
        assert slot.taken + sum(slot.free) == capacity
        assert sorted(given) == list(range(1, slot.issued + 1))
        assert not (slot.stopped and here)
    patients = [booking.person for booking in live.values()]
    assert len(patients) == len(set(patients))
    offered = [wait.offer for wait in waits.values() if wait.offer]
    assert len(offered) == len(set(offered))
    assert all(
        bookings[wait.offer].state == "held"
        for wait in waits.values()
        if wait.offer and wait.state == "offered"
    )


def refresh(department: Department) -> None:
    """Between rounds: what was stopped goes on, the first session is full, and somebody waits."""
    this = {"department": department.id}
    with transaction() as session:
        for statement in (
            "UPDATE appointments_session SET stopped_at = NULL WHERE department_id = :department",
            "UPDATE appointments_slot SET stopped = false WHERE department_id = :department",
        ):
            session.execute(text(statement), this)
    state = snapshot(department).state
    busy = {each.person for each in state.bookings.values() if each.state in LIVE}
    busy |= {line.person for line, wait in state.waits.items() if wait.state in OPEN}
    idle = [each for i, each in enumerate(department.residents) if i not in busy]
    with transaction() as session:
        for number in department.frame.of(0):
            slot = session.get_one(SlotRow, department.slots[number])
            while slot.remaining and idle:
                person_id, account_id, _ = idle.pop()
                make_booking(session, slot, person_id, account_id=account_id)
        if idle and not state.waiting(0):
            waiter = idle.pop()
            wait = make_wait(session, slot, waiter.person_id, waiter.account_id)
            wait.priority = department.frame.ranks[department.residents.index(waiter)]


def settled() -> bool:
    """Whether nothing that a killed process had begun is still under way."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
    )
    with transaction() as session:
        return not session.execute(query).scalar_one()


def stop(session: Session, department: Department, number: int) -> None:
    """Stop a session, end all its bookings and close its waits."""
    own = [department.slots[slot] for slot in department.frame.of(number)]
    places.lock_slots(session, own)
    session.get_one(ClinicSession, department.sessions[number]).stopped_at = clock.now()
    session.flush()
    session.execute(places.SET_STOPPED, {"stopped": True, "slot_ids": own})
    for slot_id in sorted(own):
        places.end_these(
            session, slot_id, places.lock_bookings_of(session, slot_id), Because.STOPPED
        )
    end_waits(session, department.sessions[number])
