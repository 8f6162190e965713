"""Sessions from before levels of assurance go on with one factor, and back."""

from alembic import command
from sqlalchemy import Engine, text

from core.ids import new_id
from tests.integration.migrations.test_with_data import config, empty

__all__ = ["empty"]


def test_open_sessions_keep_their_method(app: object, empty: Engine) -> None:
    account = new_id()
    with empty.begin() as connection:
        command.upgrade(config(connection), "0012")
        connection.execute(
            text(
                "INSERT INTO auth_account (id, username, display_name, created_at)"
                " VALUES (:account, 'doctor', '示例', now())"
            ),
            {"account": account},
        )
        connection.execute(
            text(
                "INSERT INTO auth_session (id, token_hash, account_id, method, active_role,"
                " address, created_at, expires_at)"
                " VALUES (:id, sha256('t'), :account, 'password', 'leader', '', now(), now())"
            ),
            {"id": new_id(), "account": account},
        )
        command.upgrade(config(connection), "0013")
        kept = connection.execute(
            text("SELECT methods, assurance, authenticated_at = created_at FROM auth_session")
        ).one()
        assert tuple(kept) == (["pwd"], 1, True)
        command.downgrade(config(connection), "0012")
        assert connection.scalar(text("SELECT method FROM auth_session")) == "password"
