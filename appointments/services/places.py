"""The only statements that change how many places a slot has left: each is one conditional
statement, never a value read and written back. Lock order everywhere: patients (by their lock),
the booking, slots (by id).
"""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, literal_column, select, text
from sqlalchemy.orm import Session

from appointments.models import Slot
from appointments.schemas import Because, Pool
from core import clock
from directory.public import in_service

SLOT = Slot.__table__
# The column of each pool's free places.
COLUMNS = {pool: pool.value for pool in Pool} | {Pool.PUBLIC: "remaining"}
RESERVED = (Pool.FAMILY_DOCTOR, Pool.REFERRAL)
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
            WHERE person_id = :person_id AND institution_id = :institution_id
              AND until > :now AND lifted_at IS NULL) AS suspended_until
    FROM appointments_booking
    WHERE person_id = :person_id AND starts_at >= :since AND state <> 'cancelled'
), taken AS (
    UPDATE appointments_slot AS slot
    SET {column} = slot.{column} - 1, taken = slot.taken + 1, issued = slot.issued + 1
    FROM held, appointments_session AS clinic
    WHERE slot.id = :slot_id AND clinic.id = slot.session_id AND slot.{column} > 0
      AND {OPEN[pool]} AND clinic.stopped_at IS NULL
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


def _ending(condition: str) -> Any:
    """Live bookings end and their places return, or neither. A reserved place whose time is up
    returns to the public; a public one, while somebody waits for the session, to those who wait.
    """
    sums = ",\n        ".join(
        f"count(*) FILTER (WHERE pool = '{pool}') AS {column}" for pool, column in COLUMNS.items()
    )
    adds = ", ".join(f"{column} = slot.{column} + back.{column}" for column in COLUMNS.values())
    return text(f"""
WITH ended AS (
    UPDATE appointments_booking AS booking
    SET state = 'cancelled', cancelled_at = :now, because = :because, held_until = NULL
    FROM appointments_slot AS slot
    WHERE slot.id = booking.slot_id AND booking.state IN ('held', 'booked') AND {condition}
    RETURNING booking.id, booking.person_id, booking.slot_id, slot.session_id,
        CASE WHEN booking.pool IN ('family_doctor', 'referral') AND slot.reserved_until > :now
             THEN booking.pool
             WHEN booking.pool IN ('onsite', 'elderly') THEN booking.pool
             WHEN slot.cancel_until > :now AND EXISTS (
                SELECT FROM appointments_wait AS wait
                WHERE wait.session_id = slot.session_id AND wait.state = 'waiting'
             ) THEN 'waitlist'
             ELSE 'public' END AS pool
), back AS (
    SELECT slot_id, count(*) AS places,
        {sums}
    FROM ended GROUP BY slot_id
), freed AS (
    UPDATE appointments_slot AS slot SET taken = slot.taken - back.places, {adds}
    FROM back WHERE slot.id = back.slot_id
)
SELECT id, person_id, slot_id, session_id, pool FROM ended
""")  # noqa: S608  our own columns and conditions, nobody's input


END_ONE = _ending("booking.id = :id AND slot.cancel_until > :now")
END_ONE_LATE = _ending("booking.id = :id AND slot.starts_at > :now")
END_ONE_ANY = _ending("booking.id = :id")
# One that somebody is just confirming or changing is theirs: to wait for it with a slot in hand
# would turn the order of locks around.
END_EXPIRED = _ending("""booking.id IN (
        SELECT id FROM appointments_booking
        WHERE slot_id = :slot_id AND state = 'held' AND held_until <= :now
        FOR UPDATE SKIP LOCKED
    )""")
END_ALL = _ending("booking.slot_id = :slot_id")
# Reserved places whose time is up become the public's.
RELEASE_RESERVED = text("""
UPDATE appointments_slot
SET remaining = remaining + family_doctor + referral, family_doctor = 0, referral = 0
WHERE id = :slot_id AND reserved_until <= :now AND family_doctor + referral > 0
""")
CONFIRM = text("""
UPDATE appointments_booking SET state = 'booked', held_until = NULL
WHERE id = :id AND state = 'held' AND held_until > :now
RETURNING id
""")


def end_expired(session: Session, slot_id: UUID) -> list[Row[Any]]:
    """Give back the held places of a slot whose time is up; returns what ended."""
    values = {"slot_id": slot_id, "now": clock.now(), "because": Because.EXPIRED}
    return list(session.execute(END_EXPIRED, values))


def end_all(session: Session, slot_id: UUID, because: Because) -> list[Row[Any]]:
    """End every live booking of a slot; returns what ended."""
    values = {"slot_id": slot_id, "now": clock.now(), "because": because}
    return list(session.execute(END_ALL, values))


def lock_patients(session: Session, person_ids: Iterable[UUID]) -> None:
    """Hold these patients' locks until the end of the transaction; always before any slot."""
    for lock in sorted({patient_lock(person_id) for person_id in person_ids}):
        session.execute(select(func.pg_advisory_xact_lock(lock)))


def lock_slots(session: Session, slot_ids: Collection[UUID]) -> None:
    """Hold these slots, so that nobody who wants some of them in another order waits for us."""
    by_id: ColumnElement[Any] = SLOT.c.id
    session.execute(
        select(by_id).where(by_id.in_(slot_ids)).order_by(by_id).with_for_update()
    ).all()


def patient_lock(person_id: UUID) -> int:
    """The patient's advisory lock: 64 random bits of their id."""
    return int.from_bytes(person_id.bytes[8:], signed=True)
