"""Referrals find their tables with bookings there already; and back, which leaves those."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.ids import new_id
from tests.factories.directory import make_department, make_institution, make_team
from tests.factories.residents import make_person
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE, AFTER = "0025", "0026"
SENT = """
INSERT INTO appointments_referral (id, direction, state, urgency, person_id, from_team_id,
    from_institution_id, from_division, from_name, to_institution_id, to_department_id,
    division_code, to_name, reason, summary, criteria, sent_at, answer_by, example)
VALUES (:id, :direction, 'sent', 'routine', :person, :team, :institution, '990102001', 'f',
    :institution, :department, '990102001', 't', 'r', 's', '', :now, :until, false)
"""


def test_a_referral_is_whole_and_one_at_a_time(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        # Made at the head, which is what the factories know, and taken back from there.
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            institution = make_institution(session)
            now = datetime.now(UTC)
            values: dict[str, object] = {
                "institution": institution.id,
                "department": make_department(session, institution).id,
                "team": make_team(session, institution)[0].id,
                "person": make_person(session).id,
                "direction": "up",
                "now": now,
                "until": now + timedelta(hours=48),
            }
            session.commit()
        command.downgrade(config(connection), BEFORE)
        command.upgrade(config(connection), AFTER)
        assert insert(connection, values) == 1
        refused(connection, values)  # a second to the same department
        refused(connection, values | {"direction": "down"})  # without medicines and the like
        refused(connection, values | {"until": values["now"]})
        refused(connection, values | {"team": None})
        connection.execute(text("UPDATE appointments_referral SET state = 'closed'"))
        assert insert(connection, values) == 2
        command.downgrade(config(connection), BEFORE)
        left = connection.execute(text("SELECT count(*) FROM residents_person")).scalar_one()
        assert left == 1
        command.upgrade(config(connection), AFTER)


def insert(connection: Connection, values: dict[str, object]) -> int:
    """Send one; returns how many there are."""
    connection.execute(text(SENT), values | {"id": new_id()})
    count = text("SELECT count(*) FROM appointments_referral")
    return int(connection.execute(count).scalar_one())


def refused(connection: Connection, values: dict[str, object]) -> None:
    """The table does not take it."""
    with pytest.raises(IntegrityError), connection.begin_nested():
        insert(connection, values)
