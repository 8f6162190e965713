"""The only statements that change how many places a slot has left: each is one conditional
statement, never a value read and written back. Lock order everywhere: patients (by their lock),
slots (by id), bookings; who offers the places of a session to those who wait holds the session
before all of them. Who has a slot has all that happens to its places, so a booking that finds it
full may end what is over there, and a stop what it meets, without waiting for each other.
Whoever ends a booking and its ticket holds the room, that is the session's row, before the slots:
a console holds it before it moves a ticket and what the ticket's booking says of the visit.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, literal_column, select, text
from sqlalchemy.orm import Session

from appointments.models import Booking, ClinicSession, Slot
from appointments.schemas import Because, Pool, Source, State
from core import clock
from directory.public import in_service

SLOT, CLINIC, BOOKING = Slot.__table__, ClinicSession.__table__, Booking.__table__
# The column of each pool's free places.
COLUMNS = {pool: pool.value for pool in Pool} | {Pool.PUBLIC: "remaining"}
RESERVED = (Pool.FAMILY_DOCTOR, Pool.REFERRAL)
# What is booked without coming to the hospital's own window: this rests while one is suspended.
ONLINE = (Pool.PUBLIC, Pool.FAMILY_DOCTOR, Pool.WAITLIST)
# From when until when a place of a pool can be taken.
_DURING_BOOKING = "slot.opens_at <= :now AND slot.closes_at > :now"
OPEN = {
    Pool.PUBLIC: _DURING_BOOKING,
    Pool.FAMILY_DOCTOR: f"{_DURING_BOOKING} AND slot.reserved_until > :now",
    Pool.REFERRAL: "slot.closes_at > :now AND slot.reserved_until > :now",
    # Walk-ins come while the slot lasts.
    Pool.ONSITE: "slot.date = :today AND slot.ends_at > :now",
    Pool.ELDERLY: _DURING_BOOKING,
    Pool.WAITLIST: "slot.cancel_until > :now",
}
IN_SERVICE = in_service(
    literal_column("slot.institution_id"),
    literal_column("slot.department_id"),
    literal_column("clinic.staff_id"),
)


def _taking(pool: Pool) -> Any:
    """The whole booking: the patient's limits, the place, the number, the booking; and when
    nothing was taken, what says why.
    """
    column = COLUMNS[pool]
    return text(f"""
WITH held AS (
    SELECT count(*) FILTER (WHERE date = :date) AS on_day,
           count(*) FILTER (WHERE date = :date AND department_id = :department_id)
               AS in_department,
           count(*) FILTER (WHERE state IN ('held', 'booked') AND starts_at > :now) AS ahead,
           (SELECT max(until) FROM appointments_suspension
            WHERE :rests AND person_id = :person_id AND institution_id = :institution_id
              AND until > :now AND lifted_at IS NULL) AS suspended_until
    FROM appointments_booking
    WHERE person_id = :person_id AND starts_at >= :since AND state <> 'cancelled'
), taken AS (
    UPDATE appointments_slot AS slot
    SET {column} = slot.{column} - 1, taken = slot.taken + 1, issued = slot.issued + 1
    FROM held, appointments_session AS clinic
    WHERE slot.id = :slot_id AND clinic.id = slot.session_id AND slot.{column} > 0
      AND {OPEN[pool]} AND clinic.stopped_at IS NULL AND NOT slot.stopped
      AND held.in_department = 0 AND held.on_day < :day_limit AND held.ahead < :active_limit
      AND held.suspended_until IS NULL
      AND {IN_SERVICE}
    RETURNING slot.id, slot.institution_id, slot.department_id, slot.division_code,
              slot.date, slot.starts_at, slot.issued
), made AS (
    INSERT INTO appointments_booking (id, slot_id, person_id, account_id, institution_id,
        department_id, division_code, date, starts_at, number, pool, source, state, created_at,
        held_until, changed_from)
    SELECT :id, id, :person_id, :account_id, institution_id,
        department_id, division_code, date, starts_at, issued, '{pool}', :source, :state, :now,
        :held_until, :changed_from
    FROM taken
    RETURNING number
)
SELECT held.on_day, held.in_department, held.ahead, held.suspended_until, made.number
FROM held LEFT JOIN made ON true
""")  # noqa: S608  our own columns and the directory's condition, nobody's input


TAKE = {pool: _taking(pool) for pool in Pool}
# From which pool places go first, where there are to be fewer.
LOSING = (
    Pool.PUBLIC,
    Pool.ONSITE,
    Pool.ELDERLY,
    Pool.FAMILY_DOCTOR,
    Pool.REFERRAL,
    Pool.WAITLIST,
)


def _lost(places: str, row: str) -> list[tuple[str, str]]:
    """The columns of the pools, and how many of so many places each of them loses of its own in
    this row.
    """
    lost, before = [], "0"
    for column in (COLUMNS[pool] for pool in LOSING):
        lost.append((column, f"LEAST({row}.{column}, GREATEST({places} - ({before}), 0))"))
        before = f"{before} + {row}.{column}"
    return lost


def _ending(slots: str, bookings: str) -> Any:
    """Live bookings of the slots end and their places return, or neither. A reserved place whose
    time is up returns to the public; a public one, while somebody waits for the session, to those
    who wait. Where more are taken than are wanted, as many are gone instead, the public's first.
    An offer that ended so has lapsed.
    """
    sums = ",\n        ".join(
        f"count(*) FILTER (WHERE pool = '{pool}') AS {column}" for pool, column in COLUMNS.items()
    )
    gone = "LEAST(slot.excess, back.places)"
    losses = _lost(gone, "back")
    adds = ", ".join(
        f"{column} = slot.{column} + back.{column} - {less}" for column, less in losses
    )
    return text(f"""
WITH place AS (
    SELECT id, session_id, cancel_until, reserved_until FROM appointments_slot AS slot
    WHERE {slots}
    FOR NO KEY UPDATE
), ended AS (
    UPDATE appointments_booking AS booking
    SET state = 'cancelled', cancelled_at = :now, because = :because, held_until = NULL
    FROM place
    WHERE place.id = booking.slot_id AND booking.state IN ('held', 'booked') AND {bookings}
    RETURNING booking.id, booking.person_id, booking.account_id, booking.source, booking.slot_id,
        place.session_id,
        CASE WHEN booking.pool IN ('family_doctor', 'referral') AND place.reserved_until > :now
             THEN booking.pool
             WHEN booking.pool IN ('onsite', 'elderly') THEN booking.pool
             WHEN place.cancel_until > :now AND EXISTS (
                SELECT FROM appointments_wait AS wait
                WHERE wait.session_id = place.session_id AND wait.state = 'waiting'
             ) THEN 'waitlist'
             ELSE 'public' END AS pool
), back AS (
    SELECT slot_id, count(*) AS places,
        {sums}
    FROM ended GROUP BY slot_id
), freed AS (
    UPDATE appointments_slot AS slot
    SET taken = slot.taken - back.places, excess = slot.excess - {gone},
        capacity = slot.capacity - {gone}, {adds}
    FROM back WHERE slot.id = back.slot_id
), lapsed AS (
    UPDATE appointments_wait AS wait SET state = 'lapsed', ended_at = :now
    FROM ended WHERE wait.booking_id = ended.id AND wait.state = 'offered'
)
SELECT id, person_id, account_id, source, slot_id, session_id, pool FROM ended
""")  # noqa: S608  our own columns and conditions, nobody's input


# A booking never moves to another slot, so its slot can be read before it is held.
_ITS_SLOT = "slot.id = (SELECT slot_id FROM appointments_booking WHERE id = :id)"
END_ONE = _ending(f"{_ITS_SLOT} AND slot.cancel_until > :now", "booking.id = :id")
END_ONE_LATE = _ending(f"{_ITS_SLOT} AND slot.starts_at > :now", "booking.id = :id")
END_HELD = _ending(
    f"{_ITS_SLOT} AND slot.starts_at > :now", "booking.id = :id AND booking.state = 'held'"
)
END_ONE_ANY = _ending(_ITS_SLOT, "booking.id = :id")
END_EXPIRED = _ending("slot.id = :slot_id", "booking.held_until <= :now")
END_THESE = _ending("slot.id = :slot_id", "booking.id = ANY(:ids)")
# A booking, its slot before it.
LOCK_BOOKING = text(f"""
WITH place AS (
    SELECT id FROM appointments_slot AS slot WHERE {_ITS_SLOT} FOR NO KEY UPDATE
)
SELECT booking.id FROM appointments_booking AS booking JOIN place ON place.id = booking.slot_id
WHERE booking.id = :id FOR NO KEY UPDATE OF booking
""")  # noqa: S608  our own condition, nobody's input
# Reserved places whose time is up become the public's.
RELEASE_RESERVED = text("""
UPDATE appointments_slot
SET remaining = remaining + family_doctor + referral, family_doctor = 0, referral = 0
WHERE id = :slot_id AND reserved_until <= :now AND family_doctor + referral > 0
""")
# Who stops or resumes holds the slots first, so that nobody books by an older state of them.
SET_STOPPED = text("UPDATE appointments_slot SET stopped = :stopped WHERE id = ANY(:slot_ids)")


def _resizing() -> Any:
    """These slots get another capacity, or none of them where one has more taken. New places go
    to those who wait, else to the public; fewer are taken from the public first.
    """
    lost = _lost("slot.capacity - :capacity", "slot")
    more = "GREATEST(:capacity - slot.capacity, 0)"
    waited = "CASE WHEN waited.waited THEN {yes} ELSE {no} END"
    gained = {
        "remaining": waited.format(yes="0", no=more),
        "waitlist": waited.format(yes=more, no="0"),
    }
    changes = ",\n        ".join(
        f"{column} = slot.{column} - {less} + {gained.get(column, '0')}" for column, less in lost
    )
    return text(f"""
WITH waited AS (
    SELECT slot.id, slot.cancel_until > :now AND EXISTS (
        SELECT FROM appointments_wait AS wait
        WHERE wait.session_id = slot.session_id AND wait.state = 'waiting'
    ) AS waited
    FROM appointments_slot AS slot WHERE slot.id = ANY(:slot_ids)
)
UPDATE appointments_slot AS slot
SET {changes},
    capacity = :capacity, excess = 0
FROM waited
WHERE slot.id = waited.id AND slot.taken <= :capacity
  AND (slot.capacity <> :capacity OR slot.excess > 0)
RETURNING slot.id, slot.session_id, slot.waitlist
""")  # noqa: S608  our own columns, nobody's input


RESIZE = _resizing()


def _moving(source: Pool, target: Pool) -> Any:
    """Free places of one pool become another's: as many as are there, at most ``places`` a slot.
    What is reserved for later than its time is over would go to the public at once.
    """
    taken, given = COLUMNS[source], COLUMNS[target]
    in_time = "AND slot.reserved_until > :now" if target in RESERVED else ""
    return text(f"""
UPDATE appointments_slot AS slot
SET {taken} = slot.{taken} - LEAST(slot.{taken}, :places),
    {given} = slot.{given} + LEAST(slot.{taken}, :places)
WHERE slot.id = ANY(:slot_ids) AND slot.{taken} > 0 AND slot.starts_at > :now {in_time}
RETURNING slot.id
""")  # noqa: S608  our own columns, nobody's input


# Returned places are of those who wait: nobody moves them to others, or others to them.
MOVABLE = tuple(pool for pool in Pool if pool is not Pool.WAITLIST)
MOVE: dict[tuple[Pool, Pool], Any] = {
    (source, target): _moving(source, target)
    for source in MOVABLE
    for target in MOVABLE
    if source is not target
}
# A held place becomes a booking; whoever was offered it waits no longer.
CONFIRM = text("""
WITH confirmed AS (
    UPDATE appointments_booking SET state = 'booked', held_until = NULL
    WHERE id = :id AND state = 'held' AND held_until > :now
    RETURNING id
), settled AS (
    UPDATE appointments_wait AS wait SET state = 'taken', ended_at = :now
    FROM confirmed WHERE wait.booking_id = confirmed.id AND wait.state = 'offered'
)
SELECT id FROM confirmed
""")
# A free place of the public becomes one for those who wait, as after the capacity grew.
CLAIM_FOR_WAITLIST = text(f"""
UPDATE appointments_slot AS slot
SET remaining = remaining - 1, waitlist = waitlist + 1
WHERE id = :slot_id AND remaining > 0 AND cancel_until > :now AND {_DURING_BOOKING}
RETURNING id
""")  # noqa: S608  our own condition, nobody's input
# What nobody waits for is the public's again, but not what came back meanwhile.
RELEASE_WAITLIST = text("""
UPDATE appointments_slot SET remaining = remaining + :places, waitlist = waitlist - :places
WHERE id = :slot_id AND waitlist >= :places
""")

# Another number of places for a slot, never fewer than are taken (what is wanted no more goes when
# it is given back); the free ones are shared out anew, after those of each pool that are taken.
# Whoever runs it holds the slot.
RESHARE = text("""
WITH live AS (
    SELECT count(*) FILTER (WHERE pool = 'family_doctor') AS family_doctor,
           count(*) FILTER (WHERE pool = 'referral') AS referral,
           count(*) FILTER (WHERE pool = 'onsite') AS onsite,
           count(*) FILTER (WHERE pool = 'elderly') AS elderly
    FROM appointments_booking WHERE slot_id = :id AND state <> 'cancelled'
), free AS (
    SELECT slot.id, GREATEST(:capacity, slot.taken) AS capacity,
           GREATEST(:capacity - slot.taken, 0) AS free,
           GREATEST(slot.taken - :capacity, 0) AS excess, slot.waitlist,
           CASE WHEN slot.reserved_until > :now
                THEN GREATEST(:family_doctor - live.family_doctor, 0) ELSE 0 END AS family_doctor,
           CASE WHEN slot.reserved_until > :now
                THEN GREATEST(:referral - live.referral, 0) ELSE 0 END AS referral,
           GREATEST(:onsite - live.onsite, 0) AS onsite,
           GREATEST(:elderly - live.elderly, 0) AS elderly
    FROM appointments_slot AS slot, live WHERE slot.id = :id
), first AS (
    SELECT *, LEAST(waitlist, free) AS own_waitlist FROM free
), second AS (
    SELECT *, LEAST(family_doctor, free - own_waitlist) AS own_family_doctor FROM first
), third AS (
    SELECT *, LEAST(referral, free - own_waitlist - own_family_doctor) AS own_referral FROM second
), fourth AS (
    SELECT *, LEAST(onsite, free - own_waitlist - own_family_doctor - own_referral) AS own_onsite
    FROM third
), shared AS (
    SELECT *, LEAST(elderly, free - own_waitlist - own_family_doctor - own_referral - own_onsite)
              AS own_elderly
    FROM fourth
)
UPDATE appointments_slot AS slot
SET capacity = shared.capacity, excess = shared.excess,
    waitlist = own_waitlist, family_doctor = own_family_doctor,
    referral = own_referral, onsite = own_onsite, elderly = own_elderly,
    remaining = free - own_waitlist - own_family_doctor - own_referral - own_onsite - own_elderly
FROM shared
WHERE slot.id = shared.id
  AND (slot.capacity <> shared.capacity OR slot.excess <> shared.excess)
RETURNING slot.id
""")
# A place that came back and that there is not after all; ``pool`` says where it came back to. One
# that was there in excess is gone already: then none is free.
WITHDRAW = {
    pool: text(f"""
UPDATE appointments_slot SET capacity = capacity - 1, {column} = {column} - 1
WHERE id = :id AND {column} > 0
""")  # noqa: S608  our own columns
    for pool, column in COLUMNS.items()
}


def rests(pool: Pool, source: Source) -> bool:
    """Whether this way to a place rests while the patient is suspended: online booking does, the
    window, the telephone and a referral, which a doctor finds needed, do not.
    """
    return pool in ONLINE and source is not Source.REFERRAL


def reshare(session: Session, slot_id: UUID, capacity: int, shares: Mapping[str, int]) -> bool:
    """Give a slot that is held another number of places; whether that changed anything."""
    values = {"id": slot_id, "capacity": capacity, "now": clock.now(), **shares}
    return session.execute(RESHARE, values).first() is not None


def withdraw(session: Session, slot_id: UUID, pool: str) -> None:
    """Take away a place that came back just now."""
    session.execute(WITHDRAW[Pool(pool)], {"id": slot_id})


def end_expired(session: Session, slot_id: UUID) -> list[Row[Any]]:
    """Give back the held places of a slot whose time is up; returns what ended."""
    values = {"slot_id": slot_id, "now": clock.now(), "because": Because.EXPIRED}
    return list(session.execute(END_EXPIRED, values))


def end_these(
    session: Session, slot_id: UUID, booking_ids: Collection[UUID], because: Because
) -> list[Row[Any]]:
    """End those of these bookings of a slot that are live; returns what ended."""
    ids = list(booking_ids)
    values = {"slot_id": slot_id, "ids": ids, "now": clock.now(), "because": because}
    return list(session.execute(END_THESE, values))


def lock_patients(session: Session, person_ids: Iterable[UUID]) -> None:
    """Hold these patients' locks until the end of the transaction; always before any slot."""
    for lock in sorted({patient_lock(person_id) for person_id in person_ids}):
        session.execute(select(func.pg_advisory_xact_lock(lock)))


def lock_session(session: Session, session_id: UUID) -> None:
    """Be the only one who offers this session's places, until the end of the transaction."""
    session.execute(select(func.pg_advisory_xact_lock(patient_lock(session_id))))


def lock_rooms(session: Session, session_ids: Collection[UUID]) -> None:
    """Hold these rooms, so that their consoles take turns with us. The lock leaves alone those who
    only refer to a room: a patient checks in meanwhile.
    """
    by_id: ColumnElement[Any] = CLINIC.c.id
    session.execute(
        select(by_id).where(by_id.in_(session_ids)).order_by(by_id).with_for_update(key_share=True)
    ).all()


def lock_slots(session: Session, slot_ids: Collection[UUID]) -> None:
    """Hold these slots, so that nobody who wants some of them in another order waits for us."""
    by_id: ColumnElement[Any] = SLOT.c.id
    session.execute(
        select(by_id).where(by_id.in_(slot_ids)).order_by(by_id).with_for_update(key_share=True)
    ).all()


def lock_bookings_of(session: Session, slot_id: UUID) -> list[UUID]:
    """Hold all live bookings of a slot, and the slot before them."""
    lock_slots(session, [slot_id])
    live = BOOKING.c.state.in_((State.HELD, State.BOOKED))
    query = select(BOOKING.c.id).where(BOOKING.c.slot_id == slot_id, live)
    held = query.order_by(BOOKING.c.id).with_for_update(key_share=True)
    return list(session.scalars(held))


def lock_booking(session: Session, booking_id: UUID) -> None:
    """Hold a booking and, before it, its slot: who read it before reads it again."""
    session.execute(LOCK_BOOKING, {"id": booking_id}).all()


def patient_lock(person_id: UUID) -> int:
    """The patient's advisory lock: 64 random bits of their id (a session's is made the same)."""
    return int.from_bytes(person_id.bytes[8:], signed=True)
