"""Stopped sessions stop their slots; weekly clinics may follow each other; and back."""

from datetime import date

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.ids import new_id
from tests.factories.directory import make_department, make_institution, make_staff
from tests.integration.migrations.test_0021_appointments_depth import OLD as OLDER
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE, AFTER = "0021", "0022"
TEMPLATE = """
INSERT INTO appointments_template (id, institution_id, department_id, staff_id, kind, weekday,
    half_day, room, capacity, fee_fen, on_holidays, valid_from, valid_until, version)
VALUES (:id, :institution, :department, :doctor, 'expert', 2, 'morning', '', 5, 0, false,
    :first, :last, 1)
"""


def arrange(connection: Connection) -> dict[str, object]:
    """A stopped session with a slot, as 0020 knew it."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        institution = make_institution(session)
        department = make_department(session, institution)
        doctor = make_staff(session, institution, department=department)
        values: dict[str, object] = {
            "institution": institution.id,
            "department": department.id,
            "doctor": doctor.id,
        }
        session.commit()
    values |= {name: new_id() for name in ("session", "slot")}
    # The rule, the session and the slot; no bookings.
    for statement in OLDER.split(";\n")[:3]:
        connection.execute(text(statement), values | {"day": date(2026, 12, 1)})
    return values


def template(values: dict[str, object], first: date | None, last: date | None) -> dict[str, object]:
    return {**values, "id": new_id(), "first": first, "last": last}


def test_stopped_slots_and_successive_clinics(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0020")
        values = arrange(connection)
        command.upgrade(config(connection), BEFORE)
        connection.execute(text("UPDATE appointments_session SET stopped_at = now()"))
        command.upgrade(config(connection), AFTER)
        assert connection.execute(text("SELECT stopped FROM appointments_slot")).scalar_one()

        new_year = date(2027, 1, 1)
        earlier = template(values, None, date(2026, 12, 31))
        later = template(values, new_year, None)
        connection.execute(text(TEMPLATE), earlier)
        connection.execute(text(TEMPLATE), later)
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text(TEMPLATE), template(values, new_year, new_year))
        opened = text("UPDATE appointments_session SET template_id = :id")
        connection.execute(opened, {"id": earlier["id"]})

        command.downgrade(config(connection), BEFORE)
        kept = connection.execute(text("SELECT id FROM appointments_template"))
        assert list(kept.scalars()) == [later["id"]]
        of_session = connection.execute(text("SELECT template_id FROM appointments_session"))
        assert of_session.scalar_one() is None
        command.upgrade(config(connection), AFTER)
