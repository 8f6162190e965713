"""An institution's rule from before gives elderly places from 65 on; what is no age; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_0031_exchange import INSTITUTION, ORGANISATION, RULE
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
INSERT = text(
    "INSERT INTO appointments_rule"
    " SELECT (jsonb_populate_record(NULL::appointments_rule, :values)).*"
)
SET = text("UPDATE appointments_rule SET elderly_age = :age")


def test_rules_from_before_begin_with_65(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0031")
        for statement in ORGANISATION:
            connection.execute(text(statement), {"i": INSTITUTION})
        connection.execute(INSERT, {"values": RULE})
        command.upgrade(config(connection), "0038")
        assert connection.scalar(text("SELECT elderly_age FROM appointments_rule")) == 65
        connection.execute(SET, {"age": 0})
        for age in (-1, 121):
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(SET, {"age": age})
        command.downgrade(config(connection), "0031")
        assert connection.scalar(text("SELECT count(*) FROM appointments_rule")) == 1
        command.upgrade(config(connection), "0038")
