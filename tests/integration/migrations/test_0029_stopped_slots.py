"""The slots of a session that was stopped before know it; those of others go on."""

from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core import clock
from tests.factories.appointments import make_clinic, make_slots
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE = "0028"


def test_slots_of_a_stopped_session_are_stopped(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0029")
        with Session(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        ) as session:
            stopped, going_on = (make_slots(session, make_clinic(session))[0] for _ in range(2))
            session.commit()
        command.downgrade(config(connection), BEFORE)
        connection.execute(
            text("UPDATE appointments_session SET stopped_at = :now WHERE id = :id"),
            {"now": clock.now(), "id": stopped.session_id},
        )
        command.upgrade(config(connection), "0029")
        query = text("SELECT stopped FROM appointments_slot WHERE id = :id")
        assert connection.scalar(query, {"id": stopped.id}) is True
        assert connection.scalar(query, {"id": going_on.id}) is False
