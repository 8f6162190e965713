"""The limits on the ways of signing keep their values with another id; one request waits."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
LIMITS = text("SELECT card_days FROM family_doctor_way_rule")
SECOND = "INSERT INTO family_doctor_way_rule (id) VALUES (gen_random_uuid())"


def test_the_limits_stay_and_go_back(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0045")
        connection.execute(text("UPDATE family_doctor_way_rule SET card_days = 77"))
        command.upgrade(config(connection), "0046")
        assert connection.execute(LIMITS).scalars().all() == [77]
        assert connection.scalar(text("SELECT version FROM family_doctor_way_rule")) == 1
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text(SECOND))
        command.downgrade(config(connection), "0045")
        assert connection.execute(LIMITS).scalars().all() == [77]
        assert connection.scalar(text("SELECT id FROM family_doctor_way_rule")) == 1
