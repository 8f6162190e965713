"""Who confirmed on a device before chose no pack beside the basic one; and back."""

from alembic import command
from sqlalchemy import Engine, text

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
COLUMNS = text(
    "SELECT table_name FROM information_schema.columns WHERE column_name = 'extra_codes'"
    " ORDER BY table_name"
)


def test_chosen_packs_come_and_go(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0060")
        assert connection.scalars(COLUMNS).all() == []
        command.upgrade(config(connection), "0061")
        tables = ["family_doctor_contract", "family_doctor_presence"]
        assert connection.scalars(COLUMNS).all() == tables
        command.downgrade(config(connection), "0060")
        assert connection.scalars(COLUMNS).all() == []
