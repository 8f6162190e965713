"""A rule from before gives three days to record; a settled refund from before was the contract's
own; and back.
"""

from alembic import command
from sqlalchemy import Engine, text

from tests.integration.migrations.test_0041_panel import DIVISION, RULE
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
DAYS = text("SELECT service_record_days FROM family_doctor_rule")


def test_a_rule_from_before_gives_three_days(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0046")
        connection.execute(text(DIVISION))
        connection.execute(text(RULE))
        command.upgrade(config(connection), "0052")
        assert connection.scalar(DAYS) == 3
        command.downgrade(config(connection), "0046")
        assert connection.scalar(text("SELECT count(*) FROM family_doctor_rule")) == 1
        command.upgrade(config(connection), "0052")
