"""The region's limits get those of visits, what was signed on site stays as it is; and back."""

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
LIMITS = text("SELECT visit_days, visit_sync_days, visit_residents FROM family_doctor_way_rule")
LONGER = text("UPDATE family_doctor_way_rule SET visit_residents = 301")
CARDS = text("UPDATE family_doctor_way_rule SET card_days = 60")


def test_the_limits_of_visits_come_and_go(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0042")
        connection.execute(CARDS)
        command.upgrade(config(connection), "0044")
        assert connection.execute(LIMITS).all() == [(3, 7, 300)]
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(LONGER)
        command.downgrade(config(connection), "0042")
        kept = connection.scalar(text("SELECT card_days FROM family_doctor_way_rule"))
        assert kept == 60
        assert not connection.scalar(text("SELECT to_regclass('family_doctor_field_visit')"))
