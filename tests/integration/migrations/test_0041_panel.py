"""A rule from before counts as silent who had no contact for 90 days; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
DIVISION = (
    "INSERT INTO directory_division (code, name, level, population, estimated)"
    " VALUES ('990100', '试验市', 'city', 0, false)"
)
RULE = (
    "INSERT INTO family_doctor_rule (id, division_code, capacity_per_doctor, term_years,"
    " term_years_max, answer_days, confirm_days, expiring_days, cooling_off_days,"
    " dispute_answer_days, dispute_decide_days, version)"
    " VALUES (gen_random_uuid(), '990100', 2000, 1, 3, 7, 3, 30, 7, 5, 15, 1)"
)
DAYS = text("SELECT silent_days FROM family_doctor_rule")


def test_a_rule_from_before_begins_with_90_days(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0039")
        connection.execute(text(DIVISION))
        connection.execute(text(RULE))
        command.upgrade(config(connection), "0041")
        assert connection.scalar(DAYS) == 90
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text("UPDATE family_doctor_rule SET silent_days = 0"))
        command.downgrade(config(connection), "0039")
        assert connection.scalar(text("SELECT count(*) FROM family_doctor_rule")) == 1
        command.upgrade(config(connection), "0041")
        assert connection.scalar(DAYS) == 90
