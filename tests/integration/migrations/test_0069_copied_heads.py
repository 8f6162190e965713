"""The last head copied is said once; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]


def test_the_last_head_copied_is_said_once(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0069")
        connection.execute(text("INSERT INTO audit_copied VALUES (1, 7)"))
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text("INSERT INTO audit_copied VALUES (2, 8)"))
        command.downgrade(config(connection), "0068")
        assert "audit_copied" not in inspect(connection).get_table_names()
