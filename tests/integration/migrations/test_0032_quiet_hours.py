"""A rule from before has no quiet hours; they come in pairs; and back."""

from datetime import time

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.factories.appointments import make_clinic
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
BEFORE, AFTER = "0031", "0032"


def quiet(connection: Connection, begins: str | None, ends: str | None) -> None:
    with connection.begin_nested():
        connection.execute(
            text("UPDATE appointments_rule SET quiet_from = :begins, quiet_until = :ends"),
            {"begins": begins, "ends": ends},
        )


def test_rules_stay_as_they_were_and_hours_come_in_pairs(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        # Made at the head, which is what the factories know, and taken back from there.
        command.upgrade(config(connection), "head")
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            make_clinic(session, offer_minutes=25, quiet_from=time(22), quiet_until=time(7))
            session.commit()
        command.downgrade(config(connection), BEFORE)
        command.upgrade(config(connection), AFTER)
        columns = "offer_minutes, quiet_from, quiet_until"
        rule = connection.execute(text(f"SELECT {columns} FROM appointments_rule")).one()
        assert tuple(rule) == (25, None, None)
        for begins, ends in (("22:00", None), (None, "07:00"), ("07:00", "07:00")):
            with pytest.raises(IntegrityError):
                quiet(connection, begins, ends)
        quiet(connection, "22:00", "07:00")
        quiet(connection, "12:00", "13:30")
        command.downgrade(config(connection), BEFORE)
        assert connection.scalar(text("SELECT offer_minutes FROM appointments_rule")) == 25
        command.upgrade(config(connection), AFTER)
