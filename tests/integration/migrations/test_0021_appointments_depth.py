"""Slots and bookings from before pools keep their places; and back."""

from datetime import date

from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from core.ids import new_id
from tests.factories.directory import make_department, make_institution, make_staff
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE, AFTER = "0020", "0021"
OLD = """
INSERT INTO appointments_rule (institution_id, horizon_days, expert_horizon_days, release_time,
    close_minutes, cancel_days, cancel_time, day_limit, active_limit, slot_minutes, morning_from,
    morning_until, afternoon_from, afternoon_until)
VALUES (:institution, 7, 14, '07:00', 30, 1, '17:00', 2, 4, 30, '08:00', '12:00', '14:30', '17:30');
INSERT INTO appointments_session (id, institution_id, department_id, staff_id, division_code,
    institution_name, department_name, clinic_name, doctor_title, place, example, kind, date,
    half_day, fee_fen, created_at)
VALUES (:session, :institution, :department, :doctor, '990102001', 'h', 'd', 'n', '', '', false,
    'expert', :day, 'morning', 0, now());
INSERT INTO appointments_slot (id, session_id, institution_id, department_id, division_code, date,
    starts_at, ends_at, capacity, remaining, issued, opens_at, closes_at, cancel_until)
VALUES (:slot, :session, :institution, :department, '990102001', :day, :day + time '08:00',
    :day + time '08:30', 5, 4, 2, :day - 7, :day + time '07:30', :day - 1);
INSERT INTO appointments_booking (id, slot_id, person_id, institution_id, department_id,
    division_code, date, starts_at, number, state, created_at, cancelled_at)
SELECT id::uuid, :slot, :person, :institution, :department, '990102001', :day,
    :day + time '08:00', number, state, now(), ended
FROM (VALUES (:live, 1, 'booked', NULL::timestamptz), (:gone, 2, 'cancelled', now()))
    AS made (id, number, state, ended)
"""


def slot(connection: Connection, columns: str) -> tuple[object, ...]:
    return tuple(connection.execute(text(f"SELECT {columns} FROM appointments_slot")).one())


def test_places_keep_their_meaning(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        # Made at the head, which is what the factories know, and taken back from there.
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            institution = make_institution(session)
            department = make_department(session, institution)
            doctor = make_staff(session, institution, department=department)
            person = make_person(session)
            values: dict[str, object] = {
                "institution": institution.id,
                "department": department.id,
                "doctor": doctor.id,
                "person": person.id,
            }
            session.commit()
        command.downgrade(config(connection), BEFORE)
        values |= {name: new_id() for name in ("session", "slot")}
        values |= {name: str(new_id()) for name in ("live", "gone")}
        for statement in OLD.split(";\n"):
            connection.execute(text(statement), values | {"day": date(2026, 12, 1)})
        command.upgrade(config(connection), AFTER)
        assert slot(connection, "taken, remaining, waitlist, capacity, issued") == (1, 4, 0, 5, 2)
        rule = connection.execute(text("SELECT by_kind FROM appointments_rule")).scalar_one()
        assert rule == {"expert": {"horizon_days": 14}}
        ended = connection.execute(
            text("SELECT because, pool FROM appointments_booking ORDER BY number")
        )
        assert [tuple(row) for row in ended] == [(None, "public"), ("patient", "public")]
        connection.execute(
            text("UPDATE appointments_slot SET remaining = 1, family_doctor = 2, waitlist = 1")
        )
        connection.execute(
            text(
                "UPDATE appointments_booking SET state = 'held', held_until = now()"
                " WHERE state = 'booked'"
            )
        )
        command.downgrade(config(connection), BEFORE)
        assert slot(connection, "remaining, capacity, issued") == (5, 5, 2)
        horizon = connection.execute(text("SELECT expert_horizon_days FROM appointments_rule"))
        assert horizon.scalar_one() == 14
        command.upgrade(config(connection), AFTER)
