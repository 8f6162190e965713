"""Roles and ways from before are neither withheld nor anew; and back."""

from alembic import command
from sqlalchemy import Engine, text

from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]
COLUMNS = text(
    "SELECT table_name FROM information_schema.columns"
    " WHERE column_name IN ('withheld', 'anew') AND table_name LIKE 'auth_%' ORDER BY table_name"
)
ACCOUNT = text(
    "INSERT INTO auth_account (id, username, display_name, password_initial, version, created_at)"
    " VALUES ('01a00000-0000-7000-8000-000000000001', 'a', '甲', false, 1, now())"
)
GRANT = text(
    "INSERT INTO auth_role_grant (id, account_id, role, unit, unit_name, created_at, starts_at)"
    " SELECT id, id, 'registrar', 'x', 'x', now(), now() FROM auth_account"
)


def test_what_was_given_before_is_not_withheld(app: object, empty: Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(config(connection), "0067")
        connection.execute(ACCOUNT)
        connection.execute(GRANT)
        command.upgrade(config(connection), "0068")
        assert connection.scalars(COLUMNS).all() == ["auth_role_grant", "auth_upstream_attempt"]
        assert connection.scalars(text("SELECT withheld FROM auth_role_grant")).all() == [False]
        command.downgrade(config(connection), "0067")
        assert connection.scalars(COLUMNS).all() == []
