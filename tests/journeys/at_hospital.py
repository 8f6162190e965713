"""Somebody has an appointment now, at whatever hour the journeys are made."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import psycopg

from core import clock
from core.database import plain_url
from core.ids import new_id
from portal import embedded
from tests.journeys.live import LivePortal

# A room of the hospital and department like its others, but open at this moment.
OPEN_ROOM = """
INSERT INTO appointments_session (id, institution_id, department_id, division_code,
    institution_name, department_name, department_name_en, clinic_name, doctor_title, place,
    example, kind, date, half_day, fee_fen, stop_reason, pause_reason, created_at)
SELECT %(session)s, institution_id, department_id, division_code, institution_name,
    department_name, department_name_en, %(clinic)s, '', %(clinic)s, true, 'general',
    %(today)s, 'morning', 1200, '', '', now()
FROM appointments_session
WHERE institution_name = %(hospital)s AND department_name = %(department)s
LIMIT 1
"""
OPEN_SLOT = """
INSERT INTO appointments_slot (id, session_id, institution_id, department_id, division_code, date,
    starts_at, ends_at, capacity, taken, remaining, family_doctor, referral, onsite, elderly,
    waitlist, issued, opens_at, closes_at, cancel_until, reserved_until)
SELECT %(slot)s, id, institution_id, department_id, division_code, date, %(now)s, %(end)s,
    3, 1, 2, 0, 0, 0, 0, 0, 1, %(before)s, %(now)s, %(before)s, %(before)s
FROM appointments_session WHERE id = %(session)s
"""
BOOK = """
INSERT INTO appointments_booking (id, slot_id, person_id, institution_id, department_id,
    division_code, date, starts_at, number, state, created_at)
SELECT %(booking)s, slot.id, person.id, slot.institution_id, slot.department_id,
    slot.division_code, slot.date, slot.starts_at, 1, 'booked', now()
FROM appointments_slot AS slot, residents_person AS person
WHERE slot.id = %(slot)s AND person.name = %(name)s
"""


class Visit(NamedTuple):
    """An appointment that is now."""

    booking_id: UUID
    session_id: UUID
    room: str


def appointment_now(portal: LivePortal, hospital: str, department: str, name: str) -> Visit:
    """Give the person a place in a room of its own."""
    session_id, booking_id, now = new_id(), new_id(), clock.now()
    room = f"{str(session_id.int)[-3:]} 诊室"
    values = {
        "session": session_id, "slot": new_id(), "booking": booking_id, "name": name,
        "hospital": hospital, "department": department, "clinic": room,
        "today": clock.today(), "now": now, "end": now + timedelta(minutes=30),
        "before": now - timedelta(days=1),
    }  # fmt: skip
    with psycopg.connect(plain_url(embedded.start(portal.instance))) as connection:
        for statement in (OPEN_ROOM, OPEN_SLOT, BOOK):
            made = connection.execute(statement, values)
            assert made.rowcount == 1
    return Visit(booking_id, session_id, room)
